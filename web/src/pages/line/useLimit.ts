// The limit of a model's decision as it is set here: above or below which output it advises.
import { useQuery } from "@tanstack/react-query";
import { bundleQuery, deploymentQuery } from "../../api/queries";
import type { DeploymentDetail } from "../../api/types";

interface Decision {
  output?: string;
  above?: string | number;
  below?: string | number;
}

/** The rule in the contract with the tunables of this deployment put in. Pure, for its test. */
export function limitOf(contract: unknown, tunables: DeploymentDetail["tunables"]): { output: string; value: number; above: boolean } | undefined {
  const decision = (contract as { decision?: Decision } | undefined)?.decision;
  const side = decision?.above ?? decision?.below;
  if (!decision || side === undefined) return undefined;
  const value = typeof side === "number" ? side : tunables.find((one) => one.tunable.name === side)?.value;
  return value === undefined ? undefined : { output: decision.output ?? "", value, above: decision.above !== undefined };
}

/** The limit of a deployment, and the tags of its inputs at its first place. */
export function useLimit(deployment: string | undefined) {
  const detail = useQuery({ ...deploymentQuery(deployment ?? ""), enabled: deployment !== undefined });
  const digest = detail.data?.deployment.bundle;
  const bundle = useQuery({ ...bundleQuery(digest ?? ""), enabled: digest !== undefined });
  const limit = detail.data && bundle.data ? limitOf(bundle.data.contract, detail.data.tunables) : undefined;
  const inputs = detail.data?.at[0]?.signals.filter((one) => one.role === "input").flatMap((one) => one.tag ?? []) ?? [];
  return { limit, inputs, known: deployment === undefined || !detail.isPending };
}
