import { aGoalFile, type GoalFile } from './institution.ts';

type Fields = Readonly<Record<string, string>>;

/** The institution, which sends everything that no authority sends itself. */
export const INSTITUTION = '0206731645';

/** Twenty local authorities. */
export const AUTHORITIES: readonly string[] = Array.from({ length: 20 }, (_, index) => {
  const base = 2_100_000 + 137 * index;
  return `${String(base).padStart(8, '0')}${String(97 - (base % 97)).padStart(2, '0')}`;
});

/** Those that are senders: they send their forms and answers themselves and have an OUT folder. */
export const SENDING: readonly string[] = AUTHORITIES.slice(0, 3);

/** Gets its signals one by one from July on. */
export const ELECTRONIC = AUTHORITIES[0] ?? '';

/** On these days all is sent: 29 February, the eves of both changes of the clock, and one before the month's Sunday. */
const SENDING_DAYS = ['01-15', '02-29', '03-25', '04-10', '05-31', '06-12'].concat([
  ...['07-31', '08-05', '09-30', '10-28', '11-11', '12-31'],
]);

/** On these events only: the days of 23 and of 25 hours. */
const EVENT_DAYS = ['03-26', '10-29'];

/** Every day of 2028 on which something is sent. */
export const DAYS: readonly string[] = [...SENDING_DAYS, ...EVENT_DAYS].toSorted().map((day) => `2028-${day}`);

const PERSON = { INSS: '93051822361', Name: 'Élodie Vandenbroucke' };
const compact = (day: string) => day.replaceAll('-', '');
const numberOf = (day: string) => Number(day.slice(5, 7));

/** What one organisation sends on a day. */
export function filesOf(day: string, organisation: string): GoalFile[] {
  const institution = organisation === INSTITUTION;
  const events = institution ? [oneFile('EVNT', ['Events', 'Event'], day, eventsOf)] : [];
  if (EVENT_DAYS.includes(day.slice(5))) return events;
  const own = institution ? AUTHORITIES.filter((one) => !SENDING.includes(one)) : [organisation];
  return [
    ...events,
    ...(institution ? [oneFile('PAYM', ['Payments', 'Payment'], day, paymentsOf)] : []),
    ...(institution ? [oneFile('KNIP', ['Signals', 'Signal'], day, signalsOf)] : []),
    aGoalFile(
      'OCMW',
      ['Decisions', 'Decision'],
      own.map((one) => ({ form: { CompanyID: one, Nis: '44021' }, records: [decisionOf(one, day)] })),
    ),
    ...answersOf(own, day),
  ];
}

/** A form for each authority that the file has something about. */
function oneFile(
  goal: string,
  root: readonly [string, string],
  day: string,
  recordsOf: (index: number, day: string) => Fields[],
): GoalFile {
  const forms = AUTHORITIES.map((CompanyID, index) => ({
    form: { CompanyID, ...(goal === 'PAYM' && { Nis: '44021' }) },
    records: recordsOf(index, day),
  }));
  return aGoalFile(
    goal,
    root,
    forms.filter(({ records }) => records.length > 0),
  );
}

/** Of the month; from February on, for some, two of two months earlier: a correction, and the correction of that. */
function paymentsOf(index: number, day: string): Fields[] {
  const number = numberOf(day);
  const month = day.slice(0, 7);
  const laws = index % 4 === 3 ? ['1', '1', '6'] : ['1', '2', '6'];
  const paid = laws.map((law, at) => paymentOf(month, law, `${number}${at}`, 1_000 * index + 7 * number + at));
  if (number === 1 || index % 5 > 1) return paid;
  const late = new Date(Date.UTC(2028, number - 3, 1)).toISOString().slice(0, 7);
  return [
    ...paid,
    paymentOf(late, '1', `${number}8`, -(500 + number)),
    paymentOf(late, '1', `${number}9`, 250 + index),
  ];
}

function paymentOf(month: string, law: string, dossier: string, cents: number): Fields {
  return {
    ...{ Law: law, YearMonth: compact(month), DossierNumber: dossier, INSS: PERSON.INSS, Reference: '000000004711' },
    ...{ AmountType: cents < 0 ? '3' : '1', FirstDay: `${compact(month)}01`, LastDay: `${compact(month)}28` },
    ...{ BudgetArticle: '101', Sign: cents < 0 ? '-' : '+', Amount: String(Math.abs(cents)).padStart(8, '0') },
    ...{ Category: 'A', Name: PERSON.Name },
  };
}

function decisionOf(authority: string, day: string): Fields {
  return {
    ...{ FormType: 'B', Law: '1', DossierNumber: String(AUTHORITIES.indexOf(authority)), ...PERSON },
    ...{ DecisionDate: compact(day), EffectiveDate: `${compact(day).slice(0, 6)}01` },
    ...{ Category: '1', Status: '0', Sequence: '1' },
  };
}

/** Not of each kind for everybody; the status of some is told three days late. */
function eventsOf(index: number, day: string): Fields[] {
  const kinds = [
    ...(index % 2 === 0 ? ['blocked', 'unblocked'] : []),
    ...((index + numberOf(day)) % 3 === 0 ? ['overlap'] : []),
    ...((index + numberOf(day)) % 5 === 0 ? ['status'] : []),
  ];
  const event = { DossierNumber: String(index), ...PERSON, Text: '=1+1' };
  const now = kinds.map((Kind) => ({ Kind, Day: compact(day), ...event }));
  if ((index + numberOf(day)) % 10 !== 0) return now;
  const earlier = new Date(Date.parse(`${day}T12:00:00Z`) - 3 * 86_400_000).toISOString().slice(0, 10);
  return [...now, { Kind: 'status', Day: compact(earlier), ...event }];
}

const signalNumber = (index: number, day: string) => `S${compact(day).slice(0, 6)}-${index}`;

function signalsOf(index: number, day: string): Fields[] {
  const SignalNumber = signalNumber(index, day);
  return [{ SignalNumber, Day: compact(day), Origin: 'pensions', DossierNumber: String(index), ...PERSON }];
}

/** To the signals of the month before: two in three close; all are sent twice, and closed ones contradicted. */
function answersOf(authorities: readonly string[], day: string): GoalFile[] {
  const before = SENDING_DAYS[SENDING_DAYS.indexOf(day.slice(5)) - 1];
  if (before === undefined) return [];
  const forms = authorities.flatMap((authority) => {
    const index = AUTHORITIES.indexOf(authority);
    const code = ['01', '02', '03'][(index + numberOf(day)) % 3] ?? '';
    const codes = code === '03' ? [code, code] : [code, code, '03'];
    const SignalNumber = signalNumber(index, `2028-${before}`);
    return codes.map((Code) => ({ form: { CompanyID: authority }, records: [{ SignalNumber, Code }] }));
  });
  return [aGoalFile('KNFB', ['Answers', 'Answer'], forms)];
}
