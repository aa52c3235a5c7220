import type { Stage } from '../../broker/pipeline.ts';
import { quarantine } from '../../store/quarantine.ts';
import { addEvent } from '../../submissions/events.ts';
import type { SubmissionWork } from '../submissions.ts';

/** Keeps infected content apart, whatever becomes of the submission. */
export const quarantineInfected: Stage<SubmissionWork> = async (work, { tx, now }) => {
  const { infected, submission } = work;
  const { ticket, sender } = submission;
  for (const { file, signature } of infected) {
    await quarantine(tx, { sha256: file.sha256, signature, ticket, sender, foundAt: now });
    await addEvent(tx, ticket, now, 'quarantined', { file: file.name, signature });
  }
  return work;
};
