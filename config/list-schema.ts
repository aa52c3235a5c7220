import { z } from 'zod';
import { fault, keys } from '../engine/core/mistakes.ts';
import {
  COLUMN_TYPES,
  FORM_PARTS,
  FORMATS,
  type ListDefinition,
  type ListDefinitions,
} from '../engine/lists/definition.ts';
import { cronOf, SCHEDULE_FORMS } from '../engine/lists/schedule.ts';
import { type MessageTypes, typeIn } from '../engine/mailboxes/message-types.ts';
import type { AnswersTo, CsvForms, Source, Sources } from '../engine/records/source.ts';
import { withShipped } from './shipped.ts';
import { choice, choices, flag } from './values.ts';

const word = (meaning: string, pattern: RegExp, allowed: string) =>
  z.string({ error: allowed }).regex(pattern, { error: allowed }).describe(meaning);
const field = (meaning: string) =>
  word(meaning, /^[A-Za-z][A-Za-z0-9]{0,39}$/, 'the name of a field: letters and digits');
const Name = word('Its name', /^[a-z][a-z0-9-]{0,30}$/, 'up to 31 small letters, digits and dashes');
const goalCode = (meaning: string) => word(meaning, /^[A-Z]{4}$/, 'four capital letters');
const text = (language: string) => word(`In ${language}`, /^[^\p{Cc}]{1,120}$/u, 'one line of 1 to 120 characters');
const texts = (meaning: string) =>
  keys({ nl: text('Dutch'), fr: text('French'), de: text('German'), en: text('English') }).describe(meaning);
const kinds = z.array(word('A kind', /^[^\p{Cc}]{1,20}$/u, 'one line of 1 to 20 characters')).max(200);
const quality = word('Quality of the senders that get it', /^[a-z][a-z0-9-]{0,39}$/, 'small letters, digits, dashes')
  .optional()
  .describe('Quality of the senders that get it; absent: all of the authority');

const SourceSchema = keys({
  goal: goalCode('Goal whose accepted forms hold the records'),
  element: field('Element of a form that is one record; its children are fields, and so are the form’s own elements'),
  authority: field('Field with the enterprise number of whom it is about'),
  day: field(
    'Field that places it in a period: YYYYMM, YYYYMMDD, YYYY-MM-DD (a zone may follow); ReceivedOn is the day it was received',
  ),
  kind: field('Field that lists choose by').optional(),
  position: z.array(field('A field')).max(5).prefault([]).describe('Fields that order it within a list'),
  reference: field('Field that answers call it by').optional(),
  outcomes: choice('Forms that give records', ['accepted', 'all'], 'accepted'),
  answers: keys({
    source: Name.describe('Source whose records are answered'),
    reference: field('Field that names the record'),
    code: field('Field with the code of the answer'),
    remark: field('Field with a remark'),
    codes: z
      .record(
        word('A code', /^[0-9A-Za-z]{1,20}$/, 'up to 20 letters and digits'),
        keys({ closes: flag('Whether it closes the record', false) }),
      )
      .describe('The codes there are'),
  })
    .optional()
    .describe('What its records answer to'),
  alone: keys({ goal: goalCode('Goal in the names of the files'), quality })
    .optional()
    .describe('How a record goes to an authority that gets it by itself'),
  corrects: keys({
    by: z
      .record(word('An enterprise number', /^\d{10}$/, 'ten digits'), z.array(goalCode('A goal')).max(100))
      .prefault({})
      .describe('Goals whose accepted forms an institution may correct, by its enterprise number'),
    goal: goalCode('Goal in the names of the files that tell the sender'),
    messageType: word('Type of the message to the employer', /^[a-z][a-z0-9-]{0,39}$/, 'small letters, digits, dashes'),
  })
    .optional()
    .describe('What its records correct'),
  csv: keys({
    root: field('Root element'),
    schema: word('Schema', /^[A-Za-z0-9_-]+\.xsd$/, 'a name that ends in .xsd'),
    identification: word('Identification of the forms', /^[A-Za-z0-9_-]{1,40}$/, 'letters and digits'),
    form: z.array(field('A field')).min(1).max(20).describe('Fields of the form, in the order of its schema'),
    record: z.array(field('A field')).min(1).max(60).describe('Fields of the record, in the order of its schema'),
    titles: z.record(z.string(), field('A field')).prefault({}).describe('Titles that stand for a field'),
    pad: z
      .record(field('A field'), z.int({ error: 'a whole number from 1 to 40' }).min(1).max(40))
      .prefault({})
      .describe('Fields of so many digits: the leading zeros that a spreadsheet took away are put back'),
    most: z.int().min(1).max(5_000).prefault(1_000).describe('Most records in a form'),
    skipWithout: field('A field').optional().describe('A line without a value here is left out'),
  })
    .optional()
    .describe('How its forms are read from CSV'),
});

const ColumnSchema = keys({
  field: field('Field of the records, or authority, day, kind'),
  texts: texts('Its title'),
  type: choice('What it holds; amount is in euro cents', COLUMN_TYPES, 'text'),
  sign: field('Field with the sign of an amount, + or -').optional(),
  width: z
    .int({ error: 'a whole number from 1 to 1000' })
    .min(1)
    .max(1_000)
    .optional()
    .describe('Characters in the fixed-width record; absent: not in it'),
  cut: flag('Whether a longer text is cut to the width', false),
  codes: z.record(z.string(), texts('What it means')).prefault({}).describe('What the values of a code mean'),
  notIn: choices('Formats that leave it out', FORMATS, []),
  total: flag('Whether the list says its sum', false),
  form: z
    .enum(FORM_PARTS)
    .optional()
    .describe('In the PDF as a form: to be filled in, or goes along so that it is known what is answered'),
  most: z
    .int({ error: 'a whole number from 1 to 1000' })
    .min(1)
    .max(1_000)
    .optional()
    .describe('Most characters that can be filled in; absent: its width'),
});

const ListSchema = keys({
  source: Name.describe('Source of its records'),
  kinds: kinds.prefault([]).describe('Kinds of records; all when empty'),
  take: choice(
    'What arrived in the period, each once; or all that is open when it is due',
    ['arrived', 'open'],
    'arrived',
  ),
  period: z.enum(['day', 'month', 'half-year', 'year']).describe('How long its periods are'),
  halves: z
    .tuple([z.int().min(1).max(12), z.int().min(1).max(12)])
    .prefault([1, 7])
    .describe('First months of the two half-years'),
  schedule: z
    .string({ error: SCHEDULE_FORMS })
    .refine((schedule) => cronOf(schedule) !== undefined, { error: 'no schedule', params: { allowed: SCHEDULE_FORMS } })
    .describe('When it is made, by Belgian clocks'),
  texts: texts('Its title'),
  columns: z.array(ColumnSchema).min(1).max(60).describe('Its columns, in order'),
  formats: z.array(z.enum(FORMATS)).min(1).describe('Its documents; the first is the main one'),
  csv: keys({
    bom: flag('Whether a byte order mark is written, which Excel needs to see UTF-8', true),
    separator: choice('What separates the cells', [';', ',', '\t'], ';'),
  }).prefault({}),
  messageType: word('Type of the message in the mailbox', /^[a-z][a-z0-9-]{0,39}$/, 'small letters, digits, dashes'),
  out: keys({
    goal: goalCode('Goal in the names of the files'),
    format: choice('Document that is placed', FORMATS, 'xml'),
    quality,
  })
    .optional()
    .describe('Places it in the OUT folders of an authority that is a sender'),
  without: z
    .array(word('An enterprise number', /^\d{10}$/, 'ten digits'))
    .prefault([])
    .describe('Authorities that are left out'),
  withoutElectronic: flag('Leaves out authorities that get its records one by one', false),
});

type Given = Readonly<Record<string, unknown>>;

/** The sources by name: those that are shipped, changed and added to by the operator's. */
export function sourcesSchema(shipped: Given) {
  return z
    .preprocess((given) => withShipped(shipped, given), z.record(Name, SourceSchema))
    .transform(named<Source>)
    .describe('What lists are made of, over what is shipped');
}

/** The lists by name: those that are shipped, changed and added to by the operator's. */
export function listsSchema(shipped: Given) {
  return z
    .preprocess((given) => withShipped(shipped, given), z.record(Name, ListSchema))
    .transform(named<ListDefinition>)
    .describe('Lists, over what is shipped');
}

function named<T>(entries: Readonly<Record<string, Omit<T, 'name'>>>): Readonly<Record<string, T>> {
  return Object.fromEntries(Object.entries(entries).map(([name, entry]) => [name, { name, ...entry } as T]));
}

interface Parts {
  readonly goals: Readonly<Record<string, unknown>>;
  readonly sources: Sources;
  readonly lists: ListDefinitions;
  readonly messageTypes: MessageTypes;
}

/** Adds a mistake for whatever names something that is not there, or asks for what does not go together. */
export function requireWhole(parts: Parts, context: z.RefinementCtx): void {
  const { sources, lists, messageTypes } = parts;
  for (const source of Object.values(sources))
    for (const { place, reason } of sourceFaults(source, parts))
      fault(context, reason, undefined, ['sources', source.name, ...place]);
  for (const list of Object.values(lists)) {
    if (!typeIn(messageTypes, list.messageType))
      fault(context, `there is no message type ${list.messageType}`, undefined, ['lists', list.name, 'messageType']);
    for (const { place, reason } of faultsOf(list, sources))
      fault(context, reason, undefined, ['lists', list.name, ...place]);
  }
}

function sourceFaults({ goal, answers, corrects, csv }: Source, { goals, sources, messageTypes }: Parts): Fault[] {
  const faults: Fault[] = [];
  const say = (place: readonly string[], reason: string) => void faults.push({ place, reason });
  if (corrects && !typeIn(messageTypes, corrects.messageType))
    say(['corrects', 'messageType'], `there is no message type ${corrects.messageType}`);
  if (!Object.hasOwn(goals, goal)) say(['goal'], `there is no goal ${goal}`);
  if (answers && sources[answers.source]?.reference === undefined)
    say(['answers', 'source'], 'no source whose records have a reference');
  if (answers && csv)
    for (const code of lostCodes(answers, csv)) say(['csv', 'pad', answers.code], `the code ${code} would be padded`);
  return faults;
}

/** Codes that nobody could answer by CSV, as zeros would be put before them. */
function lostCodes({ code, codes }: AnswersTo, { pad }: CsvForms): string[] {
  const width = pad[code] ?? 0;
  return Object.keys(codes).filter((one) => /^\d+$/.test(one) && one.length < width);
}

interface Fault {
  readonly place: readonly string[];
  readonly reason: string;
}

function faultsOf({ source, formats, out, columns, halves }: ListDefinition, sources: Sources): Fault[] {
  const faults: Fault[] = [];
  const say = (place: readonly string[], reason: string) => void faults.push({ place, reason });
  if (!Object.hasOwn(sources, source)) say(['source'], 'there is no such source');
  if (new Set(formats).size < formats.length) say(['formats'], 'a format is named twice');
  if (formats[0] === 'zip') say(['formats'], 'the first is the main document, which cannot be the ZIP of the others');
  if (out && !formats.includes(out.format)) say(['out', 'format'], 'the list is not made in this format');
  if (formats.includes('fixed') && !columns.some(({ width }) => width)) say(['formats'], 'no column has a width');
  if (new Set(columns.map(({ field }) => field)).size < columns.length) say(['columns'], 'a field is named twice');
  for (const { field, sign } of columns)
    if (sign && !columns.some((column) => column.field === sign))
      say(['columns'], `${field} has its sign in no column`);
  if (halves[0] >= halves[1]) say(['halves'], 'not in the order of the year');
  for (const reason of formFaults(columns)) say(['columns'], reason);
  return faults;
}

const MOST_IN_FORM = 20; // columns: what is read of a form that was sent back is limited, too

function formFaults(columns: ListDefinition['columns']): string[] {
  const filled = columns.filter(({ form }) => form === 'fill');
  const unfit = filled.filter(({ type, notIn }) => !['text', 'number'].includes(type) || notIn.includes('pdf'));
  const faults = unfit.map(({ field }) => `${field} cannot be filled in: it is no text or number of the PDF`);
  if (filled.length > 0 && !columns.some(({ form }) => form === 'key'))
    faults.push('some are to be filled in, but none is the key that says what is answered');
  if (columns.filter(({ form }) => form).length > MOST_IN_FORM)
    faults.push(`more than ${MOST_IN_FORM} are in the form of the PDF`);
  return faults;
}
