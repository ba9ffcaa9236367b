// Language and light of this screen. Kept in the browser; the site's language and the device's light when nothing was chosen.
import { languages, loadLanguage, type Language } from "../text";

export type Theme = "auto" | "light" | "dark";

function read(key: string): string | null {
  try {
    return localStorage.getItem(key);
  } catch {
    return null;
  }
}

function write(key: string, value: string): void {
  try {
    localStorage.setItem(key, value);
  } catch {
    // a panel may forbid storage: the choice then lasts until the page is left
  }
}

/** The language to start with: chosen, else the site's, else the browser's. */
export function startLanguage(site: string | undefined): Language {
  const wanted = [read("language"), site, navigator.language.slice(0, 2)];
  return (wanted.find((one) => languages.includes(one as Language)) as Language | undefined) ?? "en";
}

export function chooseLanguage(language: Language): void {
  write("language", language);
  void loadLanguage(language).then(() => location.reload());
}

export function theme(): Theme {
  const chosen = read("theme");
  return chosen === "light" || chosen === "dark" ? chosen : "auto";
}

/** Puts the chosen light on the page. */
export function applyTheme(): void {
  const chosen = theme();
  if (chosen === "auto") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = chosen;
}

export function chooseTheme(chosen: Theme): void {
  write("theme", chosen);
  applyTheme();
}

/** The line this screen stands at. */
export function rememberedLine(): string | null {
  return read("line");
}

export function rememberLine(place: string): void {
  write("line", place);
}
