// All English texts. Every other language has exactly these keys (a type and a test see to it).
import type { Entry } from "../index";
import { connect } from "./connect";
import { imports } from "./import";
import { line } from "./line";
import { models } from "./models";
import { shared } from "./shared";
import { site } from "./site";
import { trend } from "./trend";

export const en = { ...shared, ...line, ...connect, ...imports, ...models, ...trend, ...site } satisfies Record<string, Entry>;
