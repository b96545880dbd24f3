// Starts what the screens of webmail have. Each module finds its own elements by data attributes.
import { start as startUnderway } from "./underway.js";
import { start as startPolling } from "./polling.js";
import { start as startBodyFrame } from "./body-frame.js";
import { start as startList } from "./list.js";
import { start as startComposer } from "./composer.js";

startUnderway();
startPolling();
startBodyFrame();
startList();
startComposer();
