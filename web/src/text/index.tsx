// The text catalogue. Components hold no words: they ask here by key. Two languages, one file per language and topic.
// `{name}` is replaced by a parameter, `**word**` is printed bold; `{ one, other }` chooses by the parameter `n`.
import { Fragment, type ReactNode } from "react";
import type { en } from "./en";

export type Entry = string | { one: string; other: string };
export type Key = keyof typeof en;
export type Catalogue = Record<Key, Entry>;
export type Params = Record<string, string | number | undefined>;
export type Language = "en" | "de";

export const languages: readonly Language[] = ["en", "de"];

let language: Language = "en";
let entries: Partial<Catalogue> = {};
let sentences: Record<string, string> = {};
let plural = new Intl.PluralRules("en");

/** Which language is in use. */
export function currentLanguage(): Language {
  return language;
}

/** Puts a catalogue into use; the page is drawn after it. */
export function putCatalogue(which: Language, catalogue: Catalogue, said: Record<string, string> = {}): void {
  language = which;
  entries = catalogue;
  sentences = said;
  plural = new Intl.PluralRules(which);
}

/** Loads one language: each is its own file, so that a panel fetches one. */
export async function loadLanguage(which: Language): Promise<void> {
  if (which === "de") {
    const { de, said } = await import("./de");
    putCatalogue(which, de, said);
  } else {
    putCatalogue(which, (await import("./en")).en);
  }
}

function pick(key: Key, params?: Params): string {
  const entry = entries[key];
  if (entry === undefined) return key;
  if (typeof entry === "string") return entry;
  return plural.select(Number(params?.n ?? 0)) === "one" ? entry.one : entry.other;
}

/** The text of a key with its parameters, without bold marks. */
export function t(key: Key, params?: Params): string {
  const text = pick(key, params).replace(/\{(\w+)\}/g, (_, name: string) => String(params?.[name] ?? ""));
  return text.replaceAll("**", "");
}

/** Several things in the reader's language: `a, b and c`, or `a, b or c` where one is to be chosen. */
export function list(things: readonly string[], type: "conjunction" | "disjunction"): string {
  return new Intl.ListFormat(language === "en" ? "en-GB" : language, { type }).format(things);
}

/** A sentence of the server in this language, with its holes; none in English, which the server speaks itself. See `said.ts`. */
export function sentence(code: string): string | undefined {
  return sentences[code];
}

/** Whether the catalogue knows this key: for words that the server sends. */
export function isKey(key: string): key is Key {
  return key in entries;
}

/** The text of a server word, or the word itself when the catalogue does not know it. */
export function word(prefix: string, name: string | null | undefined): string {
  if (!name) return "";
  const key = `${prefix}.${name}`;
  return isKey(key) ? t(key) : name;
}

/** A text with parts in it: bold words and parameters that are elements. */
export function T({ k, ...params }: { k: Key } & Record<string, ReactNode>) {
  const n = typeof params.n === "number" ? params.n : 0;
  const parts = pick(k, { n }).split(/(\{\w+\}|\*\*)/);
  let bold = false;
  return (
    <>
      {parts.map((part, index) => {
        if (part === "**") {
          bold = !bold;
          return null;
        }
        const name = /^\{(\w+)\}$/.exec(part)?.[1];
        const node = name === undefined ? part : params[name];
        return bold ? <b key={index}>{node}</b> : <Fragment key={index}>{node}</Fragment>;
      })}
    </>
  );
}

/** A text that the bundle or the site carries per language; `en` is always there. */
export function localised(texts: Record<string, string> | string | null | undefined): string {
  if (!texts) return "";
  return typeof texts === "string" ? texts : (texts[language] ?? texts.en ?? Object.values(texts)[0] ?? "");
}

/** As [`localised`], for steps. */
export function localisedSteps(texts: Record<string, string[]> | string[] | null | undefined): string[] {
  if (!texts) return [];
  return Array.isArray(texts) ? texts : (texts[language] ?? texts.en ?? Object.values(texts)[0] ?? []);
}
