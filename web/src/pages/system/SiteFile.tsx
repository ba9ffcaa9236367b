// The site as one reviewable file: take it out, bring one in, see in words what would change, apply.
import { useMutation, useQuery } from "@tanstack/react-query";
import { useRef, useState } from "react";
import { client } from "../../api/client";
import { asProblem } from "../../api/problem";
import { meQuery, queryClient } from "../../api/queries";
import { t } from "../../text";
import { whyNot } from "../../text/said";
import { Button } from "../../ui/Button";
import { Field } from "../../ui/Field";
import { Mark } from "../../ui/Mark";
import { siteMay } from "../connect/ConnectPage";

export function SiteFile() {
  const { data: me } = useQuery(meQuery);
  const may = siteMay(me, "configure");
  const input = useRef<HTMLInputElement>(null);
  const [file, setFile] = useState<{ name: string; toml: string }>();
  const [because, setBecause] = useState("");
  const apply = useMutation({
    mutationFn: ({ dry_run, name, toml }: { dry_run: boolean; name: string; toml: string }) => client.PUT("/api/v1/site", { body: { toml, file: name, dry_run, because: because.trim() || undefined } }),
    onSuccess: async (_, { dry_run }) => {
      if (!dry_run) await queryClient.invalidateQueries();
    },
  });
  const problem = apply.error ? asProblem(apply.error) : undefined;
  const problems = problem ? (problem.all.length > 0 ? problem.all : [problem]) : [];
  return (
    <section className="panel">
      <div className="ph">
        <h2>{t("site.title")}</h2>
        <span className="cap cut">{t("site.text")}</span>
        <span className="grow" />
        <a className="btn" href="/api/v1/site/toml" download="site.toml">
          {t("site.takeOut")}
        </a>
        {may?.allowed === false && <span className="cap">{whyNot(may)}</span>}
        <Button disabled={may?.allowed === false} onClick={() => input.current?.click()}>
          {t("site.bringIn")}
        </Button>
        <input
          ref={input}
          type="file"
          accept=".toml"
          hidden
          onChange={async (event) => {
            const chosen = event.target.files?.[0];
            event.target.value = "";
            if (!chosen) return;
            const read = { name: chosen.name, toml: await chosen.text() };
            setFile(read);
            apply.mutate({ ...read, dry_run: true });
          }}
        />
      </div>
      {file && (
        <div className="site-file">
          <h3>{file.name}</h3>
          {problems.map((one) => (
            <div className="refused" key={one.code + one.place} role="alert">
              <Mark name="f" size={16} />
              <span>
                <span className="cap block">{one.place}</span>
                <b>{one.what}</b> {one.why} {one.hint}
              </span>
            </div>
          ))}
          {apply.data && (
            <>
              <p>{apply.data.applied ? t("site.applied") : apply.data.differences.length === 0 ? t("site.same") : t("site.would", { n: apply.data.differences.length })}</p>
              <ul className="diffs">
                {apply.data.differences.map((line) => (
                  <li key={line}>{line}</li>
                ))}
              </ul>
              {!apply.data.applied && apply.data.differences.length > 0 && (
                <div className="row">
                  <Field label={t("action.because")} value={because} onChange={(event) => setBecause(event.target.value)} maxLength={300} />
                  <Button kind="primary" disabled={because.trim() === ""} busy={apply.isPending} onClick={() => apply.mutate({ ...file, dry_run: false })}>
                    {t("site.apply")}
                  </Button>
                </div>
              )}
            </>
          )}
        </div>
      )}
    </section>
  );
}
