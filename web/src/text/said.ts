// What the server says, in the reader's language: by the code of its sentence, with what stands in the holes.
// English is what the server says itself; a sentence that this language does not know is shown in English, never left out.
import { currentLanguage, sentence } from "./index";
import { bytes, short, timeSpan } from "./format";

/** A sentence of the server's catalogue as it travels: numbers, texts and other sentences stand in its holes. */
export interface Said {
  code: string;
  args?: Record<string, unknown> | undefined;
}

type Part = "why" | "hint";

function shown(name: string, arg: unknown): string | undefined {
  if (typeof arg === "string") return arg;
  if (typeof arg === "number") return name.endsWith("_ms") ? timeSpan(arg) : name.endsWith("_bytes") ? bytes(arg) : short(arg);
  const said = arg as Partial<Said> | null | undefined;
  return typeof said?.code === "string" ? filled({ code: said.code, args: said.args }) : undefined;
}

/** Undefined when this language does not know the sentence, or something is missing in a hole. */
function filled(said: Said, part?: Part): string | undefined {
  let whole = true;
  const text = sentence(part ? `${said.code}.${part}` : said.code)?.replace(/\{(\w+)\}/g, (_, name: string) => {
    const found = shown(name, said.args?.[name]);
    whole &&= found !== undefined;
    return found ?? "";
  });
  return whole ? text : undefined;
}

/** Names and values stand between back quotes in the program's words; people read quotation marks. */
function quoted(text: string): string {
  return text.replace(/`([^`]*)`/g, currentLanguage() === "de" ? "„$1“" : "“$1”");
}

/** The sentence in the reader's language, else `english`. */
export function say(said: Said | null | undefined, english: string | null | undefined, part?: Part): string {
  return quoted((said && filled(said, part)) || (english ?? ""));
}

/** What is so and what to do about it, as one; `english` holds both already. */
export function sayAll(said: Said | null | undefined, english: string): string {
  const what = said && filled(said);
  if (!what) return quoted(english);
  const hint = filled(said, "hint");
  return quoted(hint ? `${what}: ${hint}` : what);
}

/** Why the person asking may not do this. */
export function whyNot(permission: { said?: Said | null; why_not?: string | null } | null | undefined): string {
  return say(permission?.said, permission?.why_not);
}
