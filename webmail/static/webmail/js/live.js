// Screens of function management that keep themselves up to date.
import { start } from "./polling.js";

start();
