import { expect } from 'chai';
import type { Answer, Fetched } from './answers.ts';
import { compare } from './compare.ts';
import type { Expected } from './expected.ts';
import { planFaults, type Targets } from './faults-plan.ts';
import type { Observed } from './observed.ts';
import { planSubmissions } from './submissions-plan.ts';

const GO = 'GO.DMFA.300001.20261122.00001.R.1';
const TICKET = '03804UDVFMW3Z';
const FORM = { reference: '1-0-1-1', companyId: '0400000096', persons: 1, blocked: false };

function anExpected(with_: Partial<Expected> = {}): Expected {
  const refused = { resultCode: '1', errors: [], forms: [FORM] } as const;
  return { goName: GO, set: 0, again: [], kind: 'good', sender: 0, certain: true, ...refused, ...with_ };
}

function anAnswer(with_: Partial<Answer> = {}): Answer {
  const files = { document: '', signature: '', fileName: GO, ticket: TICKET };
  return {
    goal: 'ACRF',
    stem: 'ACRF.999999.20261122.00001.R',
    resultCode: '1',
    errors: [],
    forms: [],
    ...files,
    ...with_,
  };
}

const NOTI = anAnswer({ goal: 'NOTI', stem: 'NOTI.1', forms: [{ reference: FORM.reference, accepted: true }] });
const MAIL = { eboxId: FORM.companyId, id: 'm-1', ticket: TICKET, reference: FORM.reference };
const LISTED = { ticket: TICKET, stem: 'DMFA.300001.20261122.00001.R', sender: '300001', state: 'handled' };

/** What is seen when all is well, or with something else in its place. */
function seen(with_: Partial<Observed> & Partial<Fetched> = {}): Observed {
  const { answers = [anAnswer(), NOTI], strays = [], inNames = [], ...rest } = with_;
  return { folders: [{ answers, strays, inNames }], submissions: [LISTED], mail: [MAIL], ...rest };
}

const NOTHING: Fetched = { answers: [], strays: [], inNames: [] };

/** All is well, but that these answers lie in the OUT of the second sender. */
function leaked(...answers: readonly Answer[]): Observed {
  const own = [anAnswer(), NOTI].filter((answer) => !answers.includes(answer));
  return seen({
    folders: [
      { ...NOTHING, answers: own },
      { ...NOTHING, answers },
    ],
  });
}

const askedFor = (expected: readonly Expected[]) => expected.reduce((sum, { again }) => sum + 1 + again.length, 0);
const problemsOf = (expected: readonly Expected[], observed: Observed, asked = askedFor(expected)) =>
  compare(asked, expected, observed).problems;

describe('the reconciliation of a chaos run', () => {
  it('finds nothing wrong where nothing is', () => {
    expect(problemsOf([anExpected()], seen())).to.deep.equal([]);
  });

  const wrongs: readonly (readonly [string, Observed, RegExp])[] = [
    ['a receipt that is missing', seen({ answers: [], submissions: [], mail: [] }), /acknowledged, and has no receipt/],
    ['a second receipt', seen({ answers: [anAnswer(), anAnswer({ stem: 'other' }), NOTI] }), /2 receipts/],
    [
      'a receipt that says something else',
      seen({ answers: [anAnswer({ resultCode: '0', errors: ['163'] }), NOTI] }),
      /says 0 163, not 1/,
    ],
    [
      'a receipt for nothing that was sent',
      seen({ answers: [anAnswer(), NOTI, anAnswer({ stem: 'other', fileName: 'GO.x' })] }),
      /a receipt for nothing that its sender sent/,
    ],
    ['a notification that is missing', seen({ answers: [anAnswer()] }), /0 notifications, not 1/],
    ['a second notification', seen({ answers: [anAnswer(), NOTI, NOTI] }), /2 notifications, not 1/],
    [
      'a form without outcome',
      seen({ answers: [anAnswer(), { ...NOTI, forms: [] }] }),
      /the notification says , not 1-0-1-1 true/,
    ],
    [
      'a form with the wrong outcome',
      seen({ answers: [anAnswer(), { ...NOTI, forms: [{ reference: FORM.reference, accepted: false }] }] }),
      /false, not/,
    ],
    ['a message that is missing', seen({ mail: [] }), /no message for 0400000096 1-0-1-1/],
    ['a second message', seen({ mail: [MAIL, { ...MAIL, id: 'm-2' }] }), /two messages for/],
    ['a message in another mailbox', seen({ mail: [MAIL, { ...MAIL, eboxId: '0206731645' }] }), /a message too many/],
    [
      'a submission that is undecided',
      seen({ submissions: [{ ...LISTED, state: 'received' }] }),
      /its state is received/,
    ],
    [
      'a second submission',
      seen({ submissions: [LISTED, { ...LISTED, ticket: 'X' }] }),
      /submission X .* has no receipt in OUT/,
    ],
    ['a receipt in the OUT of another sender', leaked(anAnswer({ stem: 'other' })), /in the OUT of sender 2/],
    ['a notification in the OUT of another sender', leaked(NOTI), /0 notifications, not 1/],
    [
      'a notification for nothing that was sent',
      seen({ answers: [anAnswer(), NOTI, { ...NOTI, stem: 'NOTI.2', ticket: 'X' }] }),
      /a notification for nothing that its sender sent: NOTI\.2 .*\(X\)/,
    ],
    [
      'a message for nothing that was sent',
      seen({ mail: [MAIL, { ...MAIL, id: 'm-2', ticket: 'X' }] }),
      /a message for nothing that was sent: m-2 of X/,
    ],
    ['a file that belongs to no trio', seen({ strays: ['FO.x'] }), /belongs to no whole trio/],
  ];
  for (const [what, observed, sentence] of wrongs) {
    it(`finds ${what}`, () => {
      expect(problemsOf([anExpected()], observed).join('\n')).to.match(sentence);
    });
  }

  it('takes a submission that was never acknowledged once or not at all, and never twice', () => {
    const uncertain = [anExpected({ certain: false })];
    expect(problemsOf(uncertain, seen())).to.deep.equal([]);
    const nothing = seen({ answers: [], submissions: [], mail: [] });
    expect(problemsOf(uncertain, nothing)).to.deep.equal(['1 sets were asked for, and 0 are reconciled']);
    expect(problemsOf(uncertain, seen({ answers: [anAnswer(), anAnswer({ stem: 'other' }), NOTI] }))).to.have.length(1);
  });

  it('accounts for every set that was asked for, also those that are the same files again', () => {
    expect(problemsOf([], seen({ answers: [], submissions: [], mail: [] }), 200)).to.have.length(1);
    expect(problemsOf([anExpected({ again: [4, 5] })], seen(), 3)).to.deep.equal([]);
    const [problem] = problemsOf([anExpected({ again: [4, 5] })], seen(), 4);
    expect(problem).to.equal('4 sets were asked for, and 3 are reconciled');
  });

  it('finds a receipt of one sender in the OUT of another that has an answer of the same name', () => {
    const theirs = anExpected({ goName: 'GO.x', sender: 1, set: 1, forms: [] });
    const folders = [
      { ...NOTHING, answers: [anAnswer(), NOTI] },
      { ...NOTHING, answers: [anAnswer({ fileName: 'GO.x', ticket: 'X' }), anAnswer()] },
    ];
    const submissions = [LISTED, { ...LISTED, ticket: 'X' }];
    const problems = problemsOf([anExpected(), theirs], seen({ folders, submissions }));
    expect(problems).to.have.length(1);
    expect(problems[0]).to.include('in the OUT of sender 2');
  });

  it('tells the receipt of a used name from that of the first set of that name', () => {
    const other = anExpected({ kind: 'other content', set: 1, resultCode: '0', errors: ['133'], forms: [] });
    const refusal = anAnswer({ stem: 'refusal', ticket: 'OTHER', resultCode: '0', errors: ['133'] });
    const submissions = [LISTED, { ...LISTED, ticket: 'OTHER', state: 'refused' }];
    const observed = seen({ answers: [anAnswer(), NOTI, refusal], submissions });
    expect(problemsOf([anExpected(), other], observed)).to.deep.equal([]);
  });
});

describe('the plan of a chaos run', () => {
  const targets: Targets = {
    processes: [['channels-1', 'channels-2'], ['worker-1'], ['scheduler-1'], ['postgresql'], ['rabbitmq']],
    links: ['a-postgresql', 'a-rabbitmq'],
    parents: ['postgresql'],
  };

  it('is the same for the same seed, and another for another', () => {
    expect(planFaults(7, 15, targets, 60_000)).to.deep.equal(planFaults(7, 15, targets, 60_000));
    expect(planFaults(7, 15, targets, 60_000)).to.not.deep.equal(planFaults(8, 15, targets, 60_000));
    expect(planSubmissions(7, 50, 60_000)).to.deep.equal(planSubmissions(7, 50, 60_000));
    expect(planSubmissions(7, 50, 60_000)).to.not.deep.equal(planSubmissions(8, 50, 60_000));
  });

  it('kills whole processes as often as it is told to, and of every kind', () => {
    const faults = planFaults(7, 15, targets, 60_000);
    const kills = faults.filter(({ kind }) => kind === 'kill');
    expect(kills).to.have.length(15);
    expect(faults.filter(({ kind }) => kind === 'kill child')).to.have.length(3);
    for (const group of targets.processes) expect(kills.some(({ target }) => group.includes(target))).to.equal(true);
  });

  it('has submissions of every kind, with one to forty forms, and none with a reference of another', () => {
    const { sets } = planSubmissions(7, 200, 60_000);
    expect(new Set(sets.map(({ kind }) => kind)).size).to.equal(6);
    const fresh = sets.filter(({ kind }) => kind !== 'same again');
    const references = fresh.filter(({ original }) => original === undefined).flatMap(({ parts }) => parts.flat());
    expect(new Set(references.map(({ reference }) => reference)).size).to.equal(references.length);
    expect(Math.max(...sets.flatMap(({ parts }) => parts.map((forms) => forms.length)))).to.be.within(30, 40);
  });
});
