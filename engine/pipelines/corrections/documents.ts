import { XMLBuilder } from 'fast-xml-parser';
import { protocolTime } from '../../core/calendar.ts';
import type { Translated } from '../../mailboxes/message-types.ts';
import type { Language } from '../../registry/organisations.ts';
import type { Fields } from '../records/read-form.ts';
import type { Corrected } from './corrected-form.ts';

/** A correction that was accepted. */
export interface Correction {
  /** Of the correction itself. */
  readonly ticket: string;
  readonly formIndex: number;
  /** Enterprise number of who made it. */
  readonly institution: string;
  /** What changes, in the order in which it came: at least one. */
  readonly changes: readonly Fields[];
}

const BUILDER = new XMLBuilder({ ignoreAttributes: false, format: true });

/** The modification notification (DMNO): XML of schemas/xsd/DmfAUpdateNotification_1.xsd. */
export function buildDmno(correction: Correction, { submission, form, mailbox }: Corrected, now: Date): Buffer {
  const { date, time } = protocolTime(now);
  const { fileName, reference } = form.facts;
  const own = { FileName: fileName, ReferenceNbr: submission.ticket, FormNumber: form.formIndex };
  const root = {
    ...{
      Identification: 'DMNO',
      FormCreationDate: date,
      FormCreationHour: time,
      AttestationStatus: '0',
      TypeForm: 'FA',
    },
    FileReference: own,
    ...(reference && { DeclarantReference: reference.number }),
    ...{ Employer: mailbox.eboxId, Institution: correction.institution },
    CorrectionReference: `${correction.ticket}-${correction.formIndex}`,
    ...only(correction.changes[0] ?? {}, ['Reason']),
    Change: correction.changes.map((change) => only(change, ['Field', 'OldValue', 'NewValue'])),
  };
  const schema = {
    '@_xmlns:xsi': 'http://www.w3.org/2001/XMLSchema-instance',
    '@_xsi:noNamespaceSchemaLocation': 'DmfAUpdateNotification_1.xsd',
  };
  const declaration = { '?xml': { '@_version': '1.0', '@_encoding': 'UTF-8' } };
  return Buffer.from(BUILDER.build({ ...declaration, DmfAUpdateNotification: { ...schema, Form: root } }), 'utf8');
}

const only = (fields: Fields, names: readonly string[]) =>
  Object.fromEntries(names.filter((name) => Object.hasOwn(fields, name)).map((name) => [name, fields[name]]));

const WORDS: Readonly<
  Record<Language, readonly [title: string, by: string, reason: string, old: string, fresh: string, none: string]>
> = {
  nl: ['Wijziging van aangifte', 'Gewijzigd door', 'Reden', 'oude waarde', 'nieuwe waarde', '(geen)'],
  fr: ['Modification de la déclaration', 'Modifiée par', 'Motif', 'ancienne valeur', 'nouvelle valeur', '(aucune)'],
  de: ['Änderung der Erklärung', 'Geändert von', 'Grund', 'alter Wert', 'neuer Wert', '(keiner)'],
  en: ['Change of declaration', 'Changed by', 'Reason', 'old value', 'new value', '(none)'],
};

/** The same for people: old and new values, in the language of the employer. */
export function readable({ changes, institution }: Correction, corrected: Corrected): Buffer {
  const [title, by, reason, old, fresh, none] = WORDS[corrected.language];
  const { submission, form } = corrected;
  const why = changes[0]?.['Reason'];
  const head = [`${title} ${submission.goal} ${submission.ticket}-${form.formIndex}`, `${by}: ${institution}`];
  const lines = changes.flatMap(({ Field = '', OldValue = none, NewValue = none }) => {
    return ['', oneLine(Field), `  ${old}: ${oneLine(OldValue)}`, `  ${fresh}: ${oneLine(NewValue)}`];
  });
  return Buffer.from([...head, ...(why ? [`${reason}: ${oneLine(why)}`] : []), ...lines, ''].join('\n'), 'utf8');
}

/** A value cannot look like a line of the document. */
const oneLine = (text: string) => text.replace(/[\p{Cc}\u2028\u2029]+/gu, ' ');

/** What the message is called. */
export function subjectOf({ submission: { goal, ticket } }: Corrected): Translated {
  const named = ([title]: readonly string[]) => `${title} ${goal} (${ticket})`;
  return { nl: named(WORDS.nl), fr: named(WORDS.fr), de: named(WORDS.de), en: named(WORDS.en) };
}
