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

/** Compares what must be with what was seen; all the sets that were asked for must be among it. Pure. */
export function compare(asked: number, expected: readonly Expected[], observed: Observed): Comparison {
  const answers = observed.folders.flatMap((folder, sender) => folder.answers.map((answer) => ({ ...answer, sender })));
  const receipts = answers.filter(({ goal }) => goal === 'ACRF');
  const notifications = answers.filter(({ goal }) => goal === 'NOTI');
  const matches = expected.map((one) => matchOf(one, receipts));
  const there = matches.filter(({ ticket }) => ticket !== undefined);
  const reconciled = sum(there, ({ expected: { again } }) => 1 + again.length);
  const problems = [
    ...(reconciled === asked ? [] : [`${asked} sets were asked for, and ${reconciled} are reconciled`]),
    ...matches.flatMap(({ problems }) => problems),
    ...unexpected('receipt', receipts, new Set(matches.flatMap(({ receipts: own }) => own))),
    ...unexpected('notification', notifications, new Set(there.flatMap((match) => ownOf(match, notifications)))),
    ...there.flatMap((match) => notificationProblems(match, notifications)),
    ...there.flatMap((match) => mailProblems(match, observed)),
    ...unknownMail(there, observed),
    ...submissionProblems(there, observed),
    ...strayProblems(observed),
  ];
  const forms = there.flatMap(({ expected: one }) => one.forms);
  const accepted = forms.filter(({ blocked }) => !blocked);
  const withForms = there.filter(({ expected: one }) => one.forms.length > 0);
  return {
    problems,
    counts: [
      { what: 'sets asked for, reconciled', expected: String(asked), found: reconciled },
      { what: 'submissions, receipts', expected: String(expected.length), found: receipts.length },
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

/** An answer, and in whose OUT it lay. */
interface Placed extends Answer {
  readonly sender: number;
}

interface Match {
  readonly expected: Expected;
  /** Of its only receipt; undefined when there is none. */
  readonly ticket?: string;
  readonly receipts: readonly Placed[];
  readonly problems: readonly string[];
}

const sum = <T>(items: readonly T[], of: (item: T) => number) => items.reduce((total, item) => total + of(item), 0);
const nameOf = ({ set, kind, goName }: Expected) => `set ${set} (${kind}, ${goName})`;

/** Finds the receipts of a submission in the OUT of its sender: those that refuse a used name belong to the set of other content. */
function matchOf(expected: Expected, all: readonly Placed[]): Match {
  const { goName, certain } = expected;
  const isRepetition = expected.kind === 'other content';
  const receipts = all.filter(
    ({ fileName, errors, sender }) =>
      sender === expected.sender && fileName === goName && errors.includes('133') === isRepetition,
  );
  const [first] = receipts;
  if (!first) {
    return { expected, receipts, problems: certain ? [`${nameOf(expected)}: acknowledged, and has no receipt`] : [] };
  }
  const stems = receipts.map(({ stem }) => stem).join(', ');
  const problems = receipts.length > 1 ? [`${nameOf(expected)}: ${receipts.length} receipts (${stems})`] : [];
  const said = `${first.resultCode} ${first.errors.join(' ')}`.trim();
  const due = `${expected.resultCode} ${expected.errors.join(' ')}`.trim();
  if (said !== due) problems.push(`${nameOf(expected)}: its receipt says ${said}, not ${due}`);
  return { expected, ticket: first.ticket, receipts, problems };
}

/** Answers for nothing that was sent, or in the OUT of another sender than the one they are for. */
function unexpected(what: string, answers: readonly Placed[], known: ReadonlySet<Placed>): string[] {
  return answers
    .filter((answer) => !known.has(answer))
    .map(
      ({ stem, fileName, ticket, sender }) =>
        `a ${what} for nothing that its sender sent: ${stem} about ${fileName} (${ticket}) in the OUT of sender ${sender + 1}`,
    );
}

function ownOf({ expected, ticket }: Match, notifications: readonly Placed[]): Placed[] {
  return notifications.filter((answer) => answer.sender === expected.sender && answer.ticket === ticket);
}

function notificationProblems(match: Match, notifications: readonly Placed[]): string[] {
  const { expected } = match;
  const own = ownOf(match, notifications);
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

/** Messages that no submission of the run accounts for. */
function unknownMail(there: readonly Match[], { mail }: Observed): string[] {
  const known = new Set(there.map(({ ticket }) => ticket));
  return mail
    .filter(({ ticket }) => !known.has(ticket))
    .map(
      ({ eboxId, id, ticket }) => `a message for nothing that was sent: ${id} of ${ticket} in the mailbox ${eboxId}`,
    );
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
