import { protocolTime } from '../../engine/core/calendar.ts';
import { type Element, type Layout, renderElement } from './elements.ts';
import { enterpriseNumberOf, inssOf, nssoNumberOf } from './numbers.ts';
import { createPersonWriter, netOf, PERSONS_IN_CYCLE } from './persons.ts';

/** One form of a declaration; what is left out is made up, and right. */
export interface FormPlan {
  readonly nssoNumber?: string;
  readonly companyId?: string;
  /** How many persons; default 3. */
  readonly persons?: number;
  /** `NetOwedAmount` as text; default the right one by protocol §10. */
  readonly netOwed?: string;
  /** INSS numbers of the first persons; the others get distinct valid ones. */
  readonly inss?: readonly string[];
  /** The declarant's own reference. */
  readonly reference?: string;
}

/** A DmfA to make; every part has a valid default. */
export interface DeclarationPlan {
  /** Default DmfAOriginal_20231.xsd. */
  readonly schema?: string;
  /** Default the quarter in the schema's name. */
  readonly quarter?: string;
  /** Becomes the creation date and hour (Belgian time) of each form; default the machine's time. */
  readonly now?: Date;
  readonly forms?: readonly FormPlan[];
  /** Default '\n'. */
  readonly lineEnds?: Layout['lineEnds'];
  /** One step of indentation; true (the default) is a tab, false is none. */
  readonly indent?: string | boolean;
}

type FullForm = Required<FormPlan> & { readonly firstIndex: number };

const CONTRIBUTION_WITHOUT_PERSON = 12_345;
const INSIDE_DECLARATION = 3;

/** A DmfA that is valid in every check, unless the plan says otherwise; name only what matters. */
export function aDeclaration(plan: DeclarationPlan = {}): string {
  return [...declarationParts(plan)].join('');
}

/** The text of a declaration, about one person at a time. */
export function* declarationParts(plan: DeclarationPlan): Generator<string> {
  const { schema, layout } = settled(plan);
  const xsi = 'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"';
  yield `<?xml version="1.0" encoding="UTF-8"?>${layout.lineEnds}`;
  yield `<DmfAOriginal ${xsi} xsi:noNamespaceSchemaLocation="${schema}">${layout.lineEnds}`;
  for (const form of fullForms(plan.forms ?? [{}])) yield* formParts(form, plan);
  yield `</DmfAOriginal>${layout.lineEnds}`;
}

/** The mean size in bytes of a person in this declaration. */
export function bytesPerPerson(plan: DeclarationPlan): number {
  const form = { persons: PERSONS_IN_CYCLE };
  const [none, cycle] = [[], [form]].map((forms) => sizeOf({ ...plan, forms }));
  const empty = sizeOf({ ...plan, forms: [{ persons: 0 }] }) - (none ?? 0);
  return ((cycle ?? 0) - (none ?? 0) - empty) / PERSONS_IN_CYCLE;
}

function sizeOf(plan: DeclarationPlan): number {
  let bytes = 0;
  for (const part of declarationParts(plan)) bytes += Buffer.byteLength(part);
  return bytes;
}

function settled(plan: DeclarationPlan): { schema: string; quarter: string; layout: Layout; now: Date } {
  const schema = plan.schema ?? 'DmfAOriginal_20231.xsd';
  return {
    schema,
    quarter: plan.quarter ?? /_(\d{5})/.exec(schema)?.[1] ?? '20231',
    layout: { lineEnds: plan.lineEnds ?? '\n', indent: indentOf(plan.indent ?? true) },
    now: plan.now ?? new Date(),
  };
}

function indentOf(indent: string | boolean): string {
  if (typeof indent === 'string') return indent;
  return indent ? '\t' : '';
}

function fullForms(plans: readonly FormPlan[]): FullForm[] {
  let firstIndex = 0;
  return plans.map((plan, index) => {
    const form = fullForm(plan, index, firstIndex);
    firstIndex += form.persons;
    return form;
  });
}

function fullForm(plan: FormPlan, index: number, firstIndex: number): FullForm {
  const persons = plan.persons ?? 3;
  return {
    nssoNumber: plan.nssoNumber ?? nssoNumberOf(index),
    companyId: plan.companyId ?? enterpriseNumberOf(index),
    persons,
    netOwed: plan.netOwed ?? netOwed(firstIndex, persons),
    inss: plan.inss ?? [],
    reference: plan.reference ?? `BODE-${index + 1}`,
    firstIndex,
  };
}

function netOwed(firstIndex: number, persons: number): string {
  let cents = CONTRIBUTION_WITHOUT_PERSON;
  for (let i = firstIndex; i < firstIndex + persons; i += 1) cents += netOf(i);
  return String(cents).padStart(15, '0');
}

function* formParts(form: FullForm, plan: DeclarationPlan): Generator<string> {
  const { quarter, layout, now } = settled(plan);
  const write = (elements: readonly Element[], depth: number) =>
    elements.map((element) => renderElement(element, depth, layout)).join('');
  const line = (depth: number, text: string) => `${layout.indent.repeat(depth)}${text}${layout.lineEnds}`;

  yield line(1, '<Form>') + write(formHeader(form, now), 2);
  yield line(2, '<EmployerDeclaration>') + write(employer(form, quarter), INSIDE_DECLARATION);
  yield* personParts(form, quarter, layout);
  yield write([contributionWithoutPerson()], INSIDE_DECLARATION);
  yield line(2, '</EmployerDeclaration>') + line(1, '</Form>');
}

function* personParts(form: FullForm, quarter: string, layout: Layout): Generator<string> {
  const writePerson = createPersonWriter(quarter, INSIDE_DECLARATION, layout);
  for (let i = 0; i < form.persons; i += 1) {
    const index = form.firstIndex + i;
    yield writePerson(index, { sequence: i + 1, inss: form.inss[i] ?? inssOf(index) });
  }
}

function formHeader({ reference }: FullForm, now: Date): readonly Element[] {
  const { date, time } = protocolTime(now);
  return [
    ['Identification', 'DMFA'],
    ['FormCreationDate', date],
    ['FormCreationHour', time],
    ['AttestationStatus', '0'],
    ['TypeForm', 'SU'],
    [
      'Reference',
      [
        ['ReferenceType', '1'],
        ['ReferenceOrigin', '1'],
        ['ReferenceNbr', reference],
      ],
    ],
  ];
}

function employer(form: FullForm, quarter: string): readonly Element[] {
  return [
    ['Quarter', quarter],
    ['NOSSRegistrationNbr', form.nssoNumber],
    ['Trusteeship', '0'],
    ['CompanyID', form.companyId],
    ['NetOwedAmount', form.netOwed],
  ];
}

function contributionWithoutPerson(): Element {
  return [
    'ContributionUnrelatedToNP',
    [
      ['UnrelatedEmployerClass', '010'],
      ['UnrelatedWorkerCode', '870'],
      ['UnrelatedCalculationBasis', '0000001000000'],
      ['UnrelatedAmount', String(CONTRIBUTION_WITHOUT_PERSON).padStart(13, '0')],
    ],
  ];
}
