import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import ts from "typescript";
import { beforeAll, describe, expect, it } from "vitest";
import { de, said } from "./de";
import { en } from "./en";
import { isKey, loadLanguage, localised, t, word, type Entry } from "./index";
import english from "./said.json";
import { say, sayAll } from "./said";

const catalogues: Record<string, Record<string, Entry>> = { en, de };
const forms = (entry: Entry) => (typeof entry === "string" ? [entry] : [entry.one, entry.other]);
const holes = (entry: Entry) => [...new Set(forms(entry).flatMap((text) => text.match(/\{\w+\}/g) ?? []))].sort();

describe("the text catalogue", () => {
  it("has the same keys in every language", () => {
    expect(Object.keys(de).sort()).toEqual(Object.keys(en).sort());
  });

  it("takes the same parameters in every language", () => {
    for (const key of Object.keys(en)) expect([key, holes(catalogues.de![key]!)]).toEqual([key, holes(catalogues.en![key]!)]);
  });

  it("has no empty text", () => {
    for (const [language, entries] of Object.entries(catalogues)) for (const [key, entry] of Object.entries(entries)) for (const text of forms(entry)) expect(text.trim(), `${language} ${key}`).not.toBe("");
  });

  it("does not use the words that people at a line must not need", () => {
    const banned = /\b(endpoint|payload|tensor|container|commit|desired state|reconcile|instance)\b/i;
    for (const [key, entry] of Object.entries(en)) for (const text of forms(entry as Entry)) expect(text, key).not.toMatch(banned);
  });

  it("says every key that the source asks for", () => {
    const missing = sources().flatMap(({ file, text }) => [...text.matchAll(/\b(?:t\(|k=)"([\w.-]+)"/g)].map((found) => found[1]!).filter((key) => !(key in en)).map((key) => `${file}: ${key}`));
    expect(missing).toEqual([]);
  });

  it("has no key that nobody asks for", () => {
    const all = sources().map((source) => source.text).join("\n");
    const built = ["calm.", "mode.", "quality.", "ne107.", "role.", "aboutRole.", "protocol.", "signalRole.", "test.", "span.", "finding.", "authority.", "advisoryState.", "doctor.", "outletState.", "linkState.", "load.hint.", "remark.", "column."];
    const unused = Object.keys(en).filter((key) => !built.some((start) => key.startsWith(start)) && !all.includes(`"${key}"`));
    expect(unused).toEqual([]);
  });
});

interface Source {
  file: string;
  text: string;
}

function sources(): Source[] {
  const root = join(import.meta.dirname, "..");
  return readdirSync(root, { recursive: true, encoding: "utf8" })
    .filter((file) => /\.tsx?$/.test(file) && !/\.test\.|\.d\.ts$/.test(file) && !/^text\/(en|de)\//.test(file))
    .map((file) => ({ file, text: readFileSync(join(root, file), "utf8") }));
}

describe("components", () => {
  it("hold no text of their own", () => {
    const spoken = new Set(["aria-label", "label", "title", "placeholder", "alt", "note", "text"]);
    const found: string[] = [];
    const words = (text: string) => /\p{L}{2,}/u.test(text);
    for (const { file, text } of sources().filter((source) => source.file.endsWith(".tsx"))) {
      const tree = ts.createSourceFile(file, text, ts.ScriptTarget.Latest, true, ts.ScriptKind.TSX);
      const visit = (node: ts.Node) => {
        const where = () => `${file}:${tree.getLineAndCharacterOfPosition(node.getStart()).line + 1}`;
        if (ts.isJsxText(node) && words(node.text)) found.push(`${where()} ${node.text.trim()}`);
        if (ts.isJsxExpression(node) && node.expression && ts.isStringLiteral(node.expression) && (ts.isJsxElement(node.parent) || ts.isJsxFragment(node.parent)) && words(node.expression.text)) found.push(`${where()} ${node.expression.text}`);
        if (ts.isJsxAttribute(node) && spoken.has(node.name.getText()) && node.initializer && ts.isStringLiteral(node.initializer) && words(node.initializer.text)) found.push(`${where()} ${node.initializer.text}`);
        ts.forEachChild(node, visit);
      };
      visit(tree);
    }
    expect(found).toEqual([]);
    // reads every component: a busy machine may take its time
  }, 60_000);
});

describe("sentences of the server", () => {
  const said_ms = { code: "device.timed-out", args: { unit: "3", endpoint: "10.0.0.1:502", after_ms: 1500 } };

  it("all have a German one, and no German one is left over", () => {
    expect(Object.keys(said).sort()).toEqual(Object.keys(english).sort());
  });

  it("have the same holes in both languages", () => {
    for (const [code, text] of Object.entries(english)) expect([code, holes(said[code]!)]).toEqual([code, holes(text)]);
  });

  it("are said in the reader's language, with spans, sizes and sentences in their holes", async () => {
    await loadLanguage("de");
    expect(say(said_ms, "english")).toBe("Unit 3 an 10.0.0.1:502 gab innerhalb von 1,5 s keine Antwort");
    expect(say({ code: "doctor.room", args: { free_bytes: 61_400_000_000 } }, "")).toBe("61,4 GB sind für die Geschichte frei.");
    const refused = { code: "access.refused", args: { action: { code: "may.switch-off" }, reason: { code: "access.has-to", args: { role: { code: "role.owner" } } } } };
    expect(say(refused, "")).toBe("Dieses Modell ausschalten dürfen Sie nicht: Das muss ein Inhaber tun.");
    expect(sayAll({ code: "mapping.missing", args: { signal: "speed" } }, "")).toBe("dem Signal „speed“ ist kein Tag zugeordnet: das Tag zuordnen, das es misst");
  });

  it("stay English where this language does not know them, or a hole would stay empty", async () => {
    await loadLanguage("de");
    expect(say({ code: "from.tomorrow" }, "Something new.")).toBe("Something new.");
    expect(say({ code: "device.timed-out" }, "no answer")).toBe("no answer");
    expect(say(null, "no answer")).toBe("no answer");
    expect(say(null, "no tag `a/b`")).toBe("no tag „a/b“");
    await loadLanguage("en");
    expect(say(said_ms, "unit 3 gave no answer")).toBe("unit 3 gave no answer");
  });
});

describe("texts", () => {
  beforeAll(() => loadLanguage("en"));

  it("choose their form by number", () => {
    expect(t("line.sayBad", { n: 1 })).toBe("1 value bad.");
    expect(t("line.sayBad", { n: 2 })).toBe("2 values bad.");
  });

  it("leave a word of the server as it is when they do not know it", () => {
    expect(word("quality", "Good (vendor detail)")).toBe("Good (vendor detail)");
    expect(isKey("quality.Good")).toBe(true);
  });

  it("take the reader's language from a bundle, else English", async () => {
    await loadLanguage("de");
    expect(localised({ en: "running", de: "in Betrieb" })).toBe("in Betrieb");
    expect(localised({ en: "running" })).toBe("running");
    await loadLanguage("en");
  });
});
