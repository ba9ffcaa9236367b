// A file that the server makes of what it is sent, saved as the browser saves files.
import { ApiError, offline, problemOf } from "../../api/problem";

/** Asks for it and saves it under this name. A file that broke off is not saved. */
export async function download(path: string, body: object, name: string): Promise<void> {
  let file: Blob;
  try {
    const response = await fetch(path, { method: "POST", credentials: "same-origin", headers: { "content-type": "application/json" }, body: JSON.stringify(body) });
    if (!response.ok) throw new ApiError(problemOf(response.status, (await response.json().catch(() => undefined)) as object | undefined));
    file = await response.blob();
  } catch (error) {
    throw error instanceof ApiError ? error : new ApiError(offline());
  }
  const link = document.createElement("a");
  link.href = URL.createObjectURL(file);
  link.download = name;
  link.click();
  URL.revokeObjectURL(link.href);
}
