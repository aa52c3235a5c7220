import { RECEIVED_ON, type Source, sourcesOf } from '../../records/source.ts';
import type { Anomaly } from '../../submissions/forms.ts';
import type { ErrorId } from '../goals/error-ids.ts';
import type { InspectedPart } from '../submissions.ts';
import type { InspectedForm } from '../xml/inspection.ts';
import { type ExamineDeps, examineEach } from './examine-answers.ts';
import type { Fields } from './read-form.ts';
import { dayOf, textIn } from './record-of.ts';

const NO_DAY: ErrorId = '90901-001';
const LONGEST_VALUE = 80;

/**
 * Looks at the day of each record that forms hold: schemas let some through that no calendar has, such as 29 February of
 * 2027, and a record without a day would be in no list. What is wrong blocks its form.
 */
export async function examineDays(
  deps: ExamineDeps,
  goal: string,
  parts: readonly InspectedPart[],
): Promise<readonly InspectedPart[]> {
  let examined = parts;
  for (const source of sourcesOf(deps.sources, goal)) {
    if (source.day === RECEIVED_ON) continue; // every record has that one
    examined = await examineEach(deps, source, examined, async (records, form) =>
      records.flatMap((fields, index) => faultOf(source, fields, index + 1, form) ?? []),
    );
  }
  return examined;
}

function faultOf(
  { day: tagName, element }: Source,
  fields: Fields,
  number: number,
  { index, line }: InspectedForm,
): Anomaly | undefined {
  const value = textIn(fields, tagName);
  if (dayOf(value) !== undefined) return undefined;
  const [label, location] = ['no day of the calendar', `Form[${index}]/${element}[${number}]/${tagName}`];
  return {
    errorId: NO_DAY,
    tagName,
    value: value.slice(0, LONGEST_VALUE),
    label,
    class: 'B',
    location,
    line,
    column: 1,
  };
}
