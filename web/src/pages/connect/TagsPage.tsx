// All tags: the tree of places left, the table right.
import { Link, useSearch } from "@tanstack/react-router";
import { useQuery } from "@tanstack/react-query";
import { useEffect, useMemo, useState } from "react";
import { asProblem } from "../../api/problem";
import { live } from "../../api/hooks";
import { meQuery, placesQuery, tagsQuery } from "../../api/queries";
import type { Place, Tag } from "../../api/types";
import { useTrail } from "../../app/crumbs";
import { localised, t } from "../../text";
import { Empty, Failure, Skeleton } from "../../ui/States";
import { within } from "../line/select";
import { siteMay } from "./ConnectPage";
import { TagSheet } from "./TagSheet";
import { TagTable } from "./TagTable";
import "./connect.css";
import "../../ui/field.css";

export function TagsPage() {
  useTrail({ text: t("nav.connect"), to: "/connect" }, { text: t("connect.tags") });
  const { place = "" } = useSearch({ from: "/connect/tags" });
  const places = useQuery(placesQuery);
  const tags = useQuery(tagsQuery());
  const { data: me } = useQuery(meQuery);
  const [filter, setFilter] = useState("");
  const [editing, setEditing] = useState<Tag>();
  useEffect(() => {
    if (tags.data) live.seed(tags.data.map((tag) => tag.latest));
  }, [tags.data]);
  const shown = useMemo(() => filterTags(tags.data ?? [], place, filter), [tags.data, place, filter]);
  const configure = siteMay(me, "configure");
  const add = (kind: string) =>
    configure?.allowed === false ? null : (
      <Link className={kind} to="/connect/add">
        {t("connect.add")}
      </Link>
    );
  return (
    <div className="page fill">
      <div className="head">
        <h1>{t("connect.tags")}</h1>
        <p className="sub">{tags.data ? t("tags.count", { n: shown.length }) : ""}</p>
        <span className="grow" />
        <input className="in filter" type="search" aria-label={t("tags.find")} placeholder={t("tags.find")} value={filter} onChange={(event) => setFilter(event.target.value)} />
        {tags.data?.length !== 0 && add("btn")}
      </div>
      <div className="tags-grid">
        <nav className="panel tree scroll" aria-label={t("tags.places")}>
          <PlaceTree places={places.data ?? []} tags={tags.data ?? []} current={place} />
        </nav>
        <section className="panel scroll" aria-label={t("connect.tags")} tabIndex={0}>
          {tags.isLoadingError ? (
            <Failure problem={asProblem(tags.error)} onRetry={() => void tags.refetch()} />
          ) : !tags.data ? (
            <Skeleton rows={8} />
          ) : shown.length === 0 ? (
            <Empty title={tags.data.length === 0 ? t("tags.none") : t("tags.noneHere")} action={tags.data.length === 0 && add("btn primary")}>{tags.data.length === 0 ? t("tags.noneText") : t("tags.noneHereText")}</Empty>
          ) : (
            <TagTable tags={shown} second="place" onEdit={configure?.allowed === false ? undefined : setEditing} />
          )}
        </section>
      </div>
      {editing && <TagSheet tag={editing} onClose={() => setEditing(undefined)} />}
    </div>
  );
}

function filterTags(tags: readonly Tag[], place: string, filter: string): Tag[] {
  const words = filter.toLowerCase().split(/\s+/).filter(Boolean);
  return tags.filter((tag) => {
    if (!within(tag.place, place)) return false;
    const text = `${tag.name} ${localised(tag.label)} ${tag.address ?? ""} ${tag.unit}`.toLowerCase();
    return words.every((one) => text.includes(one));
  });
}

function PlaceTree({ places, tags, current }: { places: Place[]; tags: Tag[]; current: string }) {
  const depth = (place: Place) => (place.path === "" ? 0 : place.path.split("/").length);
  const rows = places.some((place) => place.path === "") ? places : [{ path: "", name: t("who.wholeSite") } as Place, ...places];
  return (
    <ul>
      {rows.map((place) => (
        <li key={place.path}>
          <Link to="/connect/tags" search={{ place: place.path || undefined }} aria-current={place.path === current ? "true" : undefined} style={{ paddingLeft: 16 + depth(place) * 16 }}>
            <span className="cut">{place.name}</span>
            <span className="cap">{tags.filter((tag) => within(tag.place, place.path)).length}</span>
          </Link>
        </li>
      ))}
    </ul>
  );
}
