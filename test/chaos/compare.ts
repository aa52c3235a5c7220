import type { Answer } from './answers.ts';
import type { Expected } from './expected.ts';
import type { Observed } from './observed.ts';

/** A line of the table at the end: how many there must be, and how many there are. */
export interface Count {
  readonly what: string;
  readonly expected: string;
  readonly found: number;
}

/** What was found wrong, a sentence each, and the counts. */
export interface Comparison {
  readonly problems: readonly string[];
  readonly counts: readonly Count[];
}

/** Compares what must be with what was seen. Pure. */
export function compare(expected: readonly Expected[], observed: Observed): Comparison {
  const answers = observed.folders.flatMap((folder) => folder.answers);
  const receipts = answers.filter(({ goal }) => goal === 'ACRF');
  const notifications = answers.filter(({ goal }) => goal === 'NOTI');
  const matches = expected.map((one) => matchOf(one, receipts));
  const there = matches.filter(({ ticket }) => ticket !== undefined);
  const problems = [
    ...matches.flatMap(({ problems }) => problems),
    ...unexpected('receipt', receipts, new Set(matches.flatMap(({ stems }) => stems))),
    ...there.flatMap((match) => notificationProblems(match, notifications)),
    ...there.flatMap((match) => mailProblems(match, observed)),
    ...submissionProblems(there, observed),
    ...strayProblems(observed),
  ];
  const certain = expected.filter((one) => one.certain);
  const forms = there.flatMap(({ expected: one }) => one.forms);
  const accepted = forms.filter(({ blocked }) => !blocked);
  const withForms = there.filter(({ expected: one }) => one.forms.length > 0);
  return {
    problems,
    counts: [
      { what: 'submissions acknowledged', expected: String(certain.length), found: there.filter(isCertain).length },
      {
        what: 'sent once, never acknowledged',
        expected: `0 to ${expected.length - certain.length}`,
        found: there.length - there.filter(isCertain).length,
      },
      { what: 'receipts', expected: String(there.length), found: receipts.length },
      { what: 'notifications', expected: String(withForms.length), found: notifications.length },
      {
        what: 'forms with an outcome',
        expected: String(forms.length),
        found: sum(notifications, ({ forms }) => forms.length),
      },
      { what: 'mailbox messages', expected: String(accepted.length), found: observed.mail.length },
      { what: 'submissions listed', expected: String(there.length), found: observed.submissions.length },
    ],
  };
}

interface Match {
  readonly expected: Expected;
  /** Of its only receipt; undefined when there is none. */
  readonly ticket?: string;
  readonly stems: readonly string[];
  readonly problems: readonly string[];
}

const isCertain = ({ expected }: Match) => expected.certain;
const sum = <T>(items: readonly T[], of: (item: T) => number) => items.reduce((total, item) => total + of(item), 0);
const nameOf = ({ set, kind, goName }: Expected) => `set ${set} (${kind}, ${goName})`;

/** Finds the receipts of a submission: those of its GO that refuse a used name belong to the set of other content. */
function matchOf(expected: Expected, receipts: readonly Answer[]): Match {
  const { goName, certain } = expected;
  const isRepetition = expected.kind === 'other content';
  const own = receipts.filter(({ fileName, errors }) => fileName === goName && errors.includes('133') === isRepetition);
  const stems = own.map(({ stem }) => stem);
  const [first] = own;
  if (!first) {
    return { expected, stems, problems: certain ? [`${nameOf(expected)}: acknowledged, and has no receipt`] : [] };
  }
  const problems = own.length > 1 ? [`${nameOf(expected)}: ${own.length} receipts (${stems.join(', ')})`] : [];
  const said = `${first.resultCode} ${first.errors.join(' ')}`.trim();
  const due = `${expected.resultCode} ${expected.errors.join(' ')}`.trim();
  if (said !== due) problems.push(`${nameOf(expected)}: its receipt says ${said}, not ${due}`);
  return { expected, ticket: first.ticket, stems, problems };
}

function unexpected(what: string, answers: readonly Answer[], known: ReadonlySet<string>): string[] {
  return answers
    .filter(({ stem }) => !known.has(stem))
    .map(({ stem, fileName }) => `a ${what} for nothing that was sent: ${stem} about ${fileName}`);
}

function notificationProblems({ expected, ticket }: Match, notifications: readonly Answer[]): string[] {
  const own = notifications.filter((answer) => answer.ticket === ticket);
  const due = expected.forms.length > 0 ? 1 : 0;
  if (own.length !== due) return [`${nameOf(expected)}: ${own.length} notifications, not ${due}`];
  const told = (own[0]?.forms ?? []).map(({ reference, accepted }) => `${reference} ${accepted}`).toSorted();
  const planned = expected.forms.map(({ reference, blocked }) => `${reference} ${!blocked}`).toSorted();
  return told.join() === planned.join()
    ? []
    : [`${nameOf(expected)}: the notification says ${told.join(', ')}, not ${planned.join(', ')}`];
}

function mailProblems({ expected, ticket }: Match, { mail }: Observed): string[] {
  const came = mail
    .filter((message) => message.ticket === ticket)
    .map(({ eboxId, reference }) => `${eboxId} ${reference}`);
  const accepted = expected.forms.filter(({ blocked }) => !blocked);
  const due = accepted.map(({ companyId, reference }) => `${companyId} ${reference}`);
  const missing = due.filter((one) => !came.includes(one)).map((one) => `${nameOf(expected)}: no message for ${one}`);
  const twice = came
    .filter((one, at) => came.indexOf(one) !== at)
    .map((one) => `${nameOf(expected)}: two messages for ${one}`);
  const wrong = came
    .filter((one) => !due.includes(one))
    .map((one) => `${nameOf(expected)}: a message too many, ${one}`);
  return [...missing, ...twice, ...wrong];
}

function submissionProblems(there: readonly Match[], { submissions }: Observed): string[] {
  const known = new Map(there.map(({ ticket, expected }) => [ticket, expected]));
  return submissions.flatMap(({ ticket, stem, state }) => {
    const expected = known.get(ticket);
    if (!expected) return [`submission ${ticket} (${stem}, ${state}) has no receipt in OUT, or was not sent`];
    const due = expected.resultCode === '1' ? 'handled' : 'refused';
    return state === due ? [] : [`${nameOf(expected)}: its state is ${state}, not ${due}`];
  });
}

function strayProblems({ folders }: Observed): string[] {
  return folders.flatMap(({ strays }) => strays).map((name) => `${name} in OUT belongs to no whole trio`);
}
