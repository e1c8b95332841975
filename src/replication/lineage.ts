/*
 * A history's lineage as text, for a snapshot: `<id>:<last offset>` of each former id, the newest
 * first, with commas between. What comes back is checked: an id too many would let a replica go on
 * from a stream that is not ours. Pure.
 */

import { LINEAGE_IDS_MAX } from '../limits.js';
import type { LineageEntry, Position } from './history.js';

const ENTRY = /^([0-9a-fA-F]{40}):(0|[1-9]\d{0,15})$/;

export function formatLineage(lineage: readonly LineageEntry[]): string {
  return lineage.map(({ replid, lastOffset }) => `${replid}:${lastOffset}`).join(',');
}

/**
 * The lineage of a history that stands at `position`; null when the text is none. No id may be
 * valid beyond a newer one, nor beyond the position: bytes after it are lost, whoever has them.
 */
export function parseLineage(text: string, position: Position): LineageEntry[] | null {
  if (text === '') return [];
  const parts = text.split(',');
  if (parts.length > LINEAGE_IDS_MAX) return null;
  const lineage: LineageEntry[] = [];
  const ids = new Set([position.replid.toLowerCase()]);
  let offsetMax = position.offset;
  for (const part of parts) {
    const [, replid, digits] = ENTRY.exec(part) ?? [];
    const lastOffset = Number(digits);
    if (replid === undefined || !(lastOffset <= offsetMax)) return null;
    ids.add(replid.toLowerCase());
    lineage.push({ replid, lastOffset });
    offsetMax = lastOffset;
  }
  return ids.size === lineage.length + 1 ? lineage : null;
}
