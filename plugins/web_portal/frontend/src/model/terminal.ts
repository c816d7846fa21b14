/** Text that was meant for a terminal, made plain. */

// escape sequences: CSI, OSC (ended by BEL or ST), and two-character ones
const ESCAPES = /\u001b(?:\[[0-?]*[ -/]*[@-~]|\][^\u0007\u001b]*(?:\u0007|\u001b\\)|[@-Z\\^_])/g;
const CONTROLS = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f]/g;

/** Without colours and control characters; a line that was drawn over shows its last drawing. */
export function plain(text: string): string {
  return text
    .replace(ESCAPES, "")
    .replaceAll("\r\n", "\n")
    .split("\n")
    .map((line) => line.slice(line.replace(/\r+$/, "").lastIndexOf("\r") + 1).replace(CONTROLS, "").replaceAll("\r", ""))
    .join("\n");
}
