import type { Sent } from './sender.ts';
import type { PlannedForm, SetKind } from './submissions-plan.ts';

/** What must have come of one submission. */
export interface Expected {
  readonly goName: string;
  /** Index of its set, for a person to find it. */
  readonly set: number;
  /** Indexes of the sets that are the same files sent again: they are no other submission. */
  readonly again: readonly number[];
  readonly kind: SetKind;
  readonly sender: number;
  readonly resultCode: '1' | '0';
  readonly errors: readonly string[];
  /** None when it is refused as a whole. */
  readonly forms: readonly PlannedForm[];
  /** Whether its GO was acknowledged: then it is there exactly once, else once or not at all. */
  readonly certain: boolean;
}

const REFUSED_WITH: Readonly<Partial<Record<SetKind, string>>> = {
  'bad signature': '125',
  'bad XML': '102',
  'bad value': '255',
  'other content': '133',
};

/** What must have come of what was sent; every set is in one of them, whether it was acknowledged or not. */
export function expectedOf(sent: readonly Sent[]): Expected[] {
  const sets = sent.map(({ ready }) => ready.set);
  const again = (original: number) =>
    sets.filter((set) => set.kind === 'same again' && set.original === original).map(({ index }) => index);
  return sent
    .filter(({ ready }) => ready.set.kind !== 'same again')
    .map((one) => expectedOne(one, again(one.ready.set.index)));
}

function expectedOne({ ready, acknowledged }: Sent, again: readonly number[]): Expected {
  const { set, goName } = ready;
  const code = REFUSED_WITH[set.kind];
  return {
    goName,
    set: set.index,
    again,
    kind: set.kind,
    sender: set.sender,
    resultCode: code === undefined ? '1' : '0',
    errors: code === undefined ? [] : [code],
    forms: code === undefined ? set.parts.flat() : [],
    certain: acknowledged,
  };
}
