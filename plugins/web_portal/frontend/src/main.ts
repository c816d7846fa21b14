import "./app.css";
import { mount } from "svelte";
import App from "./App.svelte";
import { session } from "./live/session.svelte";

session.start();
mount(App, { target: document.getElementById("app")! });
