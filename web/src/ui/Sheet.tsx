// A sheet over the page, for one decision. Native dialog: focus stays inside, Escape closes.
import { useEffect, useId, useRef, type ReactNode } from "react";
import "./sheet.css";

export function Sheet({ title, onClose, children }: { title: string; onClose: () => void; children: ReactNode }) {
  const ref = useRef<HTMLDialogElement>(null);
  const id = useId();
  useEffect(() => {
    const dialog = ref.current;
    if (dialog && !dialog.open) dialog.showModal();
  }, []);
  return (
    <dialog
      ref={ref}
      className="sheet"
      aria-labelledby={id}
      onClose={onClose}
      onClick={(event) => {
        if (event.target === ref.current) onClose();
      }}
    >
      <div className="sheet-in">
        <h2 id={id}>{title}</h2>
        {children}
      </div>
    </dialog>
  );
}
