// Alle deutschen Texte, dieselben Schlüssel wie im Englischen.
import type { Catalogue } from "../index";
import { connect } from "./connect";
import { imports } from "./import";
import { line } from "./line";
import { models } from "./models";
import { shared } from "./shared";
import { site } from "./site";
import { trend } from "./trend";

export const de: Catalogue = { ...shared, ...line, ...connect, ...imports, ...models, ...trend, ...site };

export { said } from "./said";
