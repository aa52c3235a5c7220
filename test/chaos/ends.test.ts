import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { eventually } from '../support/eventually.ts';
import { createVictim, type Ending, type Victim } from '../support/victim.ts';
import { endProblems, exitProblem, faultProblems } from './ends.ts';
import type { FaultKind, PlannedFault } from './faults-plan.ts';
import { type DoneFault, injectFaults } from './inject.ts';

const aFault = (kind: FaultKind, target = 'worker-1'): PlannedFault => ({ kind, target, atMs: 0, forMs: 0, calmMs: 0 });
const done = (kind: FaultKind, with_: Partial<DoneFault> = {}): DoneFault => ({
  ...aFault(kind),
  beganMs: 1500,
  hit: true,
  ...with_,
});
const problemsOf = (kills: number, faults: readonly DoneFault[]) => faultProblems(kills, faults, faults).problems;

describe('the faults of a chaos run, counted', () => {
  it('are well when each hit something and who was told to stop ended with 0', () => {
    expect(problemsOf(2, [done('kill'), done('kill'), done('pause'), done('restart', { ending: 0 })])).to.deep.equal(
      [],
    );
  });

  it('are too few when a kill hit nothing, or only a process of a server', () => {
    expect(problemsOf(2, [done('kill'), done('kill', { hit: false })])).to.deep.equal([
      'whole processes killed: 1, not 2',
    ]);
    expect(problemsOf(2, [done('kill'), done('kill child')])).to.deep.equal(['whole processes killed: 1, not 2']);
    expect(problemsOf(1, [])).to.deep.equal(['whole processes killed: 0, not 1']);
  });

  it('are too few when a pause or a restart hit nothing', () => {
    expect(problemsOf(0, [done('pause', { hit: false })])).to.deep.equal(['processes paused: 0, not 1']);
    const problems = problemsOf(0, [done('restart', { hit: false })]);
    expect(problems).to.have.length(2);
    expect(problems[1]).to.match(/did not run/);
  });

  it('are counted by kind', () => {
    const faults = [done('kill'), done('kill child'), done('kill child'), done('cut'), done('cut', { hit: false })];
    const found = faultProblems(1, faults, faults).counts.map(({ what, found }) => `${what} ${found}`);
    expect(found).to.include.members(['whole processes killed 1', 'processes of a server killed 2', 'links cut 1']);
  });

  it('have a problem when a restarted process ended with something else than 0', () => {
    for (const ending of [1, 'SIGKILL', 'SIGTERM'] as Ending[])
      expect(problemsOf(0, [done('restart', { ending, early: false })])).to.deep.equal([
        `worker-1, told to stop at 1.5 s, ended with ${ending}`,
      ]);
    expect(problemsOf(0, [done('restart', { ending: 'SIGTERM', early: true })])).to.deep.equal([]);
    expect(problemsOf(0, [done('restart', { ending: 1, early: true })])).to.have.length(1);
  });

  it('have a problem when a process ended otherwise than with 0 at the end', () => {
    const endings = new Map<string, Ending | undefined>([
      ['a', 0],
      ['b', 'SIGKILL'],
      ['c', undefined],
    ]);
    expect(endProblems(endings)).to.have.length(2);
  });
});

describe('a real process in a chaos run', () => {
  let dir: string;
  const started: Victim[] = [];
  beforeEach(async () => {
    dir = await mkdtemp(join(tmpdir(), 'bode-ends-'));
  });
  afterEach(async () => {
    await Promise.all(started.splice(0).map((victim) => victim.kill()));
    await rm(dir, { recursive: true });
  });

  function aVictim(script: string, onExit?: (how: string, logFile: string) => void): Victim {
    const victim = createVictim({
      name: 'worker-1',
      program: 'bash',
      args: ['-c', script],
      logFile: join(dir, 'log'),
      ready: async () => undefined,
      ...(onExit && { onExit }),
    });
    started.push(victim);
    return victim;
  }

  const hit = (victim: Victim, ...kinds: FaultKind[]) =>
    injectFaults(
      kinds.map((kind) => aFault(kind)),
      {
        installation: { servers: [], engines: [victim], links: new Map() },
        startedAt: Date.now(),
        signal: new AbortController().signal,
        onFault: () => undefined,
      },
    );

  it('is told to stop, and its status is kept', async () => {
    const victim = aVictim('trap "exit 3" TERM; echo trapped; while :; do sleep 0.05; done');
    victim.launch();
    await eventually(async () => expect(await readFile(join(dir, 'log'), 'utf8')).to.include('trapped'));
    const [fault] = await hit(victim, 'restart');
    expect(fault).to.include({ hit: true, early: false, ending: 3 });
    expect(faultProblems(0, [], [fault!]).problems).to.have.length(1);
  });

  it('that does not run is not hit', async () => {
    const victim = aVictim('exec sleep 60');
    const [kill] = await hit(victim, 'kill', 'kill');
    expect(kill).to.include({ kind: 'kill', hit: false });
  });

  it('that runs is hit, but not the child that it does not have', async () => {
    const victim = aVictim('exec sleep 60');
    victim.launch();
    const faults = await hit(victim, 'kill', 'pause', 'kill child');
    expect(faults.map(({ kind, hit }) => [kind, hit])).to.deep.equal([
      ['kill', true],
      ['pause', true],
      ['kill child', false],
    ]);
  });

  it('that ends by itself is a problem that shows the end of its log', async () => {
    await writeFile(join(dir, 'log'), 'x'.repeat(10_000));
    const problem = await new Promise<string>((resolve) => {
      aVictim('echo no more room; exit 7', (how, logFile) =>
        resolve(exitProblem({ name: 'worker-1', how, logFile })),
      ).launch();
    });
    expect(problem).to.match(/^worker-1 ended by itself: exit 7; its log ends with\n.*no more room\n$/);
    expect(problem.length).to.be.lessThan(4_000);
  });
});
