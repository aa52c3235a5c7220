import { MAX_NAMES, OTHER_NAME } from './names.ts';
import { addDrop, OPAQUE, type ScanState } from './scan-state.ts';

/** Notes what of a closed element a later window needs: nothing, if one like it stands before it in a run. */
export function recordDrop(s: ScanState, depth: number, id: number, contentEnd: number, end: number): void {
  const { open } = s;
  const parent = depth - 1;
  s.dropCount = open.dropBase[depth] as number;
  if (open.runName[parent] === id && isRun(s, parent, id)) {
    open.dropEnd[parent] = end;
    if (depth < s.recordDepth) s.recordDepth = depth;
    return;
  }
  const [runStart, runEnd] = [open.dropStart[parent] as number, open.dropEnd[parent] as number];
  if (runEnd > runStart) addDrop(s, runStart, runEnd);
  open.runName[parent] = id;
  open.dropStart[parent] = end;
  open.dropEnd[parent] = end;
  const content = open.content[depth] as number;
  if (contentEnd - content > s.keepSmall) addDrop(s, content, contentEnd);
}

function isRun(s: ScanState, parent: number, id: number): boolean {
  const parentId = s.open.name[parent] as number;
  if (((s.open.flags[parent] as number) & OPAQUE) !== 0 || id === OTHER_NAME || parentId === OTHER_NAME) return false;
  const pair = parentId * (MAX_NAMES + 1) + id;
  if (s.repeats[pair] === 0) {
    const rule = s.outline?.children.get(s.names.texts[parentId] ?? '')?.get(s.names.texts[id] ?? '');
    s.repeats[pair] = rule?.repeats ? 2 : 1;
  }
  return s.repeats[pair] === 2;
}
