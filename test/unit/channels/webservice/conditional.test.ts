import { expect } from 'chai';
import { isKnown, readWhenNew, tagged, waitOf } from '../../../../channels/webservice/conditional.ts';

describe('what a client has already', () => {
  it('has the same tag for the same value, and another for another', () => {
    expect(tagged({ a: 1 }).etag)
      .to.equal(tagged({ a: 1 }).etag)
      .and.to.match(/^"[\w-]{27}"$/);
    expect(tagged({ a: 1 }).etag).not.to.equal(tagged({ a: 2 }).etag);
  });

  it('is known by one of its tags, weak or strong, or by the star', () => {
    for (const header of ['"a"', 'W/"a"', '"x", "a"', '"x",W/"a" ', '*']) expect(isKnown('"a"', header)).to.equal(true);
    for (const header of [undefined, '', '"b"', 'a']) expect(isKnown('"a"', header)).to.equal(false);
  });

  it('is waited for as long as the client prefers', () => {
    expect(waitOf('wait=10')).to.equal(10);
    expect(waitOf('respond-async, wait = 5; x')).to.equal(5);
    for (const other of [undefined, '', 'wait', 'wait=-1', 'wait=x', 'await=3', 'wait=1234567']) {
      expect(waitOf(other), String(other)).to.equal(undefined);
    }
  });
});

describe('readWhenNew', () => {
  const never = new AbortController().signal;

  it('gives at once what is new', async () => {
    expect(await readWhenNew({ read: async () => 1, isOld: () => false, forMs: 60_000, signal: never })).to.equal(1);
  });

  it('looks again until there is news', async () => {
    let reads = 0;
    const read = async () => {
      reads += 1;
      return reads;
    };
    expect(await readWhenNew({ read, isOld: (value) => value < 3, forMs: 60_000, signal: never })).to.equal(3);
  });

  it('reads again only when its mark has changed, if it has one', async () => {
    let [reads, looks] = [0, 0];
    const read = async () => {
      reads += 1;
      return reads;
    };
    const mark = async () => {
      looks += 1;
      return looks < 3 ? 'before' : 'after';
    };
    expect(await readWhenNew({ read, mark, isOld: (value) => value < 2, forMs: 60_000, signal: never })).to.equal(2);
    expect(looks).to.equal(3);
  });

  it('gives what there is when the time is over, or the client has gone', async () => {
    expect(await readWhenNew({ read: async () => 'old', isOld: () => true, forMs: 1, signal: never })).to.equal('old');
    const gone = new AbortController();
    const waiting = readWhenNew({ read: async () => 'old', isOld: () => true, forMs: 60_000, signal: gone.signal });
    gone.abort();
    expect(await waiting).to.equal('old');
  });
});
