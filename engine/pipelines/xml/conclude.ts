import { isNameAllowed } from '../../registry/name-patterns.ts';
import type { PlacedFinding } from './check-window.ts';
import type { Finding, InspectedForm, InspectGoal, Inspection } from './inspection.ts';
import { shown } from './root-tag.ts';
import type { ScanResult } from './scan-job.ts';

/** What the validators found in all windows of a file. */
export interface Checked {
  /** The first fault of syntax. */
  readonly syntax: PlacedFinding | undefined;
  readonly faults: readonly PlacedFinding[];
  readonly schemaFault: string | undefined;
}

/**
 * The inspection of a file out of all that was found in it (protocol §1.8, steps 9 and 10). One stage at a time, the
 * first that has findings ends it: encoding and syntax (only the first fault in the file), root and schema name,
 * content against the schema, forms.
 */
export function conclude(scan: ScanResult, checked: Checked, goal: InspectGoal, limit: number): Inspection {
  const stages = [
    () => firstFatal(scan, checked),
    () => scan.findings.filter(({ code }) => code !== '163'),
    () => unusable(scan, checked),
    () => contentFindings(scan, checked),
    () => formFindings(scan, goal),
  ];
  let findings: readonly Finding[] = [];
  for (const stage of stages) {
    findings = stage();
    if (findings.length > 0) break;
  }
  const { root, schema } = scan;
  const kept = { findings: findings.slice(0, limit), findingsTotal: findings.length };
  return { root, schema, ...kept, ...(findings.length > 0 ? noForms(scan) : formsOf(scan)) };
}

function firstFatal({ fatal }: ScanResult, { syntax }: Checked): Finding[] {
  const first = fatal && syntax ? (fatal.at <= syntax.at ? fatal : syntax) : (fatal ?? syntax);
  return first ? [bare(first)] : [];
}

function bare<T extends Finding>({ code, element, parent, line, column, detail }: T): Finding {
  return {
    code,
    ...(element === undefined ? {} : { element }),
    ...(parent === undefined ? {} : { parent }),
    ...(line === undefined ? {} : { line }),
    ...(column === undefined ? {} : { column }),
    detail,
  };
}

function unusable({ schema }: ScanResult, { schemaFault }: Checked): Finding[] {
  return schemaFault === undefined ? [] : [{ code: '255', detail: `The schema ${schema} cannot be used` }];
}

/** A unit too large to be checked is of interest only when nothing else is wrong. */
function contentFindings(scan: ScanResult, { faults }: Checked): Finding[] {
  const found = faults.toSorted((a, b) => a.at - b.at).map(bare);
  return found.length > 0 ? found : [...scan.findings];
}

function formFindings({ forms, formCount, root }: ScanResult, goal: InspectGoal): Finding[] {
  if (formCount === 0) return [{ code: '157', element: root, detail: 'There is no Form in the file' }];
  const tooMany: Finding[] =
    formCount > goal.maxForms
      ? [{ code: '172', detail: `${formCount} forms; at most ${goal.maxForms} are allowed in a file` }]
      : [];
  const others = forms.filter(({ identification }) => !isNameAllowed(goal.identifications, identification));
  return [...tooMany, ...others.map((form) => otherType(form, goal))];
}

function otherType({ identification, line }: InspectedForm, goal: InspectGoal): Finding {
  const detail = `A form ${shown(identification)} does not belong to goal ${goal.code}`;
  return { code: '158', element: 'Identification', parent: 'Form', line, detail };
}

type Shape = Pick<Inspection, 'forms' | 'prologue' | 'epilogue'>;

function noForms({ size }: ScanResult): Shape {
  return { forms: [], prologue: { start: 0, end: 0 }, epilogue: { start: size, end: size } };
}

function formsOf({ forms, size }: ScanResult): Shape {
  const [first, last] = [forms[0], forms.at(-1)];
  return {
    forms,
    prologue: { start: 0, end: first?.start ?? 0 },
    epilogue: { start: last?.end ?? size, end: size },
  };
}
