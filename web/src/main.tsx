// START HERE: tokens, language, then the gate, then the pages.
import "./styles/font.css";
import "./styles/tokens.css";
import "./styles/base.css";
import { QueryClientProvider } from "@tanstack/react-query";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { aboutQuery, queryClient } from "./api/queries";
import { Gate } from "./app/Gate";
import { applyTheme, startLanguage } from "./app/preferences";
import { loadLanguage } from "./text";
import { setZone } from "./text/format";

applyTheme();

const about = await queryClient.fetchQuery(aboutQuery).catch(() => undefined);
setZone(about?.time_zone ?? Intl.DateTimeFormat().resolvedOptions().timeZone);
const language = startLanguage(about?.language);
await loadLanguage(language);
document.documentElement.lang = language;

createRoot(document.getElementById("root")!).render(
  <StrictMode>
    <QueryClientProvider client={queryClient}>
      <Gate />
    </QueryClientProvider>
  </StrictMode>,
);
