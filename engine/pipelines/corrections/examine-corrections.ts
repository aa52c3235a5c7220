import { sourcesOf } from '../../records/source.ts';
import type { Anomaly } from '../../submissions/forms.ts';
import { type ExamineDeps, examineEach } from '../records/examine-answers.ts';
import type { InspectedPart } from '../submissions.ts';
import { correctedForm } from './corrected-form.ts';

/**
 * Looks at each correction: it must name an accepted form that there is, that this institution may correct, and its employer.
 * What is wrong blocks its form.
 */
export async function examineCorrections(
  deps: ExamineDeps,
  goal: string,
  parts: readonly InspectedPart[],
  institution: string,
): Promise<readonly InspectedPart[]> {
  const source = sourcesOf(deps.sources, goal).find(({ corrects }) => corrects !== undefined);
  if (!source?.corrects) return parts;
  const { corrects } = source;
  return examineEach(deps, source, parts, async ([first], { index, line }): Promise<Anomaly[]> => {
    if (!first) return [];
    const found = await correctedForm(deps.db, corrects, first, institution);
    if (!('errorId' in found)) return [];
    const { errorId, field: tagName, label } = found;
    const location = `Form[${index}]/${tagName}`;
    return [{ errorId, tagName, value: first[tagName] ?? '', label, class: 'B', location, line, column: 1 }];
  });
}
