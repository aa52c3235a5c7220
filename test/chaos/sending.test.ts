import { expect } from 'chai';
import type { ReadySet } from './documents.ts';
import { expectedOf } from './expected.ts';
import type { Installation } from './installation.ts';
import { leftInFolders } from './reconcile.ts';
import { type Sent, unsent } from './sender.ts';
import { sendAgain, sendingProblems, unheardOf } from './sending.ts';
import { planSubmissions } from './submissions-plan.ts';

const STEM = 'DMFA.300001.20261122';

/** Sets as they are planned, made ready without their files. */
function readySets(count: number): ReadySet[] {
  return planSubmissions(3, count, 120_000).sets.map((set) => {
    const stem = `${STEM}.${set.sequence}.R`;
    return { set, stem, goName: `GO.${stem}.1`, dir: '/nowhere', names: [`GO.${stem}.1`] };
  });
}

const acknowledged = (ready: ReadySet): Sent => ({ ...unsent(ready), tries: 1, acknowledged: true, acknowledgedAt: 1 });
const problemsOf = (asked: number, sent: readonly Sent[], unheard: readonly Sent[] = []) =>
  sendingProblems(asked, sent, unheard).problems;

describe('what was sent in a chaos run', () => {
  const sets = readySets(200);
  const all = sets.map(acknowledged);
  const [persistent] = sets.filter(({ set }) => set.persistent);
  const [once] = sets.filter(({ set }) => !set.persistent);

  it('is well when every set was acknowledged', () => {
    expect(problemsOf(200, all)).to.deep.equal([]);
    expect(problemsOf(200, all, [acknowledged(once!)])).to.deep.equal([]);
  });

  it('is not when nothing was acknowledged', () => {
    expect(problemsOf(200, sets.map(unsent))).to.have.length(200);
  });

  it('is not when one set was never acknowledged, or only after its sender had given up', () => {
    const missing = all.map((sent) => (sent.ready === once ? unsent(once!) : sent));
    expect(problemsOf(200, missing)).to.have.length(1);
    expect(problemsOf(200, missing)[0]).to.match(/never acknowledged, with all working again/);
    expect(problemsOf(200, all, [acknowledged(persistent!)])[0]).to.match(/not acknowledged while its sender kept on/);
  });

  it('is not when there were fewer sets than were asked for', () => {
    expect(problemsOf(200, all.slice(1))).to.deep.equal(['200 sets were asked for, and 199 were made']);
  });

  it('is all reconciled, also what was never sent or is the same again', () => {
    const expected = expectedOf(sets.map(unsent));
    const indexes = expected.flatMap(({ set, again }) => [set, ...again]);
    expect(indexes.toSorted((a, b) => a - b)).to.deep.equal(sets.map(({ set }) => set.index));
    expect(expected.some(({ again }) => again.length > 0)).to.equal(true);
  });

  it('is sent again only where it was not acknowledged, and then until it is', async () => {
    const sent = [acknowledged(persistent!), { ...unsent(once!), abandoned: true, tries: 1 }];
    expect(unheardOf(sent)).to.deep.equal([sent[1]]);
    const begun: unknown[] = [];
    const installation = { accounts: [], sftpPorts: [] } as unknown as Installation; // nobody who could send
    const signal = new AbortController().signal;
    await sendAgain(sent, { installation, seed: 1, deadline: 0, signal, onFailure: (error) => void begun.push(error) });
    expect(sent.map(({ abandoned, persistent: stays }) => [abandoned, stays])).to.deep.equal([
      [false, true],
      [false, true],
    ]);
    expect(sent[0]).to.deep.equal(acknowledged(persistent!));
  });

  it('leaves nothing in IN but parts that came after a session had been cut off, and never a GO', () => {
    const cut = { ...acknowledged(once!), failedAt: 1 };
    const [fi, go] = [`FI.${once!.stem}.1.1`, `GO.${once!.stem}.1`];
    expect(leftInFolders([cut], [fi]).problems).to.deep.equal([]);
    expect(leftInFolders([acknowledged(once!)], [fi]).problems).to.deep.equal([`${fi} is left in IN`]);
    expect(leftInFolders([cut], [go]).problems).to.deep.equal([`${go} is left in IN`]);
  });
});
