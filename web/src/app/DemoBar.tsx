// Only in the demonstration: switches that break the simulated plant.
import { useMutation } from "@tanstack/react-query";
import { post } from "../api/client";
import { asProblem } from "../api/problem";
import { aboutQuery, queryClient } from "../api/queries";
import type { About } from "../api/types";
import { localised, t } from "../text";
import { Button } from "../ui/Button";
import { Icon } from "../ui/Icon";

type Demo = NonNullable<About["demo"]>;

export function DemoBar({ demo }: { demo: Demo }) {
  const flip = useMutation({
    mutationFn: (fault: Demo["faults"][number]) => post(fault.path, { on: !fault.on }),
    onSettled: () => queryClient.invalidateQueries({ queryKey: aboutQuery.queryKey }),
  });
  return (
    <section className="demo-bar" aria-label={t("demo.title")}>
      <Icon name="fault" size={18} />
      <b>{t("demo.title")}</b>
      <span className="vh">{localised(demo.about)}</span>
      {demo.faults.map((fault) => (
        <Button key={fault.name} aria-pressed={fault.on} title={localised(fault.title)} busy={flip.isPending && flip.variables.name === fault.name} onClick={() => flip.mutate(fault)}>
          {fault.name}
        </Button>
      ))}
      {flip.isError && <span role="alert">{asProblem(flip.error).what}</span>}
    </section>
  );
}
