/** What the charts share: a sharp canvas, the colours of the theme, axes. */

import * as format from "../model/format";
import { type Scale, ticks, toPixel } from "./scale";

export interface Frame {
  left: number;
  top: number;
  right: number;
  bottom: number;
}

export interface Colours {
  ink: string;
  muted: string;
  grid: string;
  surface: string;
  point: string;
  best: string;
  bad: string;
  font: string;
}

export function colours(element: Element): Colours {
  const style = getComputedStyle(element);
  const get = (name: string) => style.getPropertyValue(name).trim();
  return {
    ink: get("--ink"),
    muted: get("--muted"),
    grid: get("--grid"),
    surface: get("--surface"),
    point: get("--point"),
    best: get("--best"),
    bad: get("--bad"),
    font: `11px ${style.fontFamily}`,
  };
}

/** Makes the canvas as fine as the screen and clears it. Sizes are CSS pixels. */
export function prepare(canvas: HTMLCanvasElement, width: number, height: number): CanvasRenderingContext2D | null {
  const context = canvas.getContext("2d");
  if (context === null) return null;
  const ratio = devicePixelRatio || 1;
  canvas.width = Math.round(width * ratio);
  canvas.height = Math.round(height * ratio);
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  context.clearRect(0, 0, width, height);
  return context;
}

export function drawAxes(
  context: CanvasRenderingContext2D,
  frame: Frame,
  x: Scale,
  y: Scale,
  colour: Colours,
  formatX: (value: number) => string,
): void {
  context.font = colour.font;
  context.lineWidth = 1;
  context.strokeStyle = colour.grid;
  context.fillStyle = colour.muted;
  context.textAlign = "right";
  context.textBaseline = "middle";
  for (const tick of ticks(y, Math.max(2, Math.floor((frame.bottom - frame.top) / 44)))) {
    const at = Math.round(toPixel(y, tick)) + 0.5;
    line(context, frame.left, at, frame.right, at);
    context.fillText(format.number(tick), frame.left - 8, at);
  }
  context.textAlign = "center";
  context.textBaseline = "top";
  for (const tick of ticks(x, Math.max(2, Math.floor((frame.right - frame.left) / 64)))) {
    const at = Math.round(toPixel(x, tick)) + 0.5;
    line(context, at, frame.bottom, at, frame.bottom + 4);
    context.fillText(formatX(tick), at, frame.bottom + 7);
  }
}

/** Names the axes: below the ticks of x, and upwards along the left edge. */
export function drawTitles(context: CanvasRenderingContext2D, frame: Frame, [x, y]: [string, string], colour: Colours, height: number): void {
  const [width, tall] = [frame.right - frame.left, frame.bottom - frame.top];
  context.font = colour.font;
  context.fillStyle = colour.muted;
  context.textAlign = "center";
  context.textBaseline = "bottom";
  context.fillText(shortened(context, x, width), frame.left + width / 2, height - 2);
  context.save();
  context.translate(2, frame.top + tall / 2);
  context.rotate(-Math.PI / 2);
  context.textBaseline = "top";
  context.fillText(shortened(context, y, tall), 0, 0);
  context.restore();
}

function shortened(context: CanvasRenderingContext2D, text: string, room: number): string {
  const { width } = context.measureText(text);
  return width <= room ? text : `${text.slice(0, Math.floor((text.length * room) / width) - 1)}…`;
}

export function line(context: CanvasRenderingContext2D, x1: number, y1: number, x2: number, y2: number): void {
  context.beginPath();
  context.moveTo(x1, y1);
  context.lineTo(x2, y2);
  context.stroke();
}

export function dot(context: CanvasRenderingContext2D, x: number, y: number, radius: number): void {
  context.beginPath();
  context.arc(x, y, radius, 0, 2 * Math.PI);
  context.fill();
}

/** Room that the labels of the y axis need. */
export function labelWidth(context: CanvasRenderingContext2D, y: Scale, colour: Colours, height: number): number {
  context.font = colour.font;
  const labels = ticks(y, Math.max(2, Math.floor(height / 44))).map((tick) => format.number(tick));
  return Math.ceil(Math.max(24, ...labels.map((label) => context.measureText(label).width)) + 12);
}
