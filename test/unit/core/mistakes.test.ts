import { expect } from 'chai';
import { z } from 'zod';
import { describeMistakes, fault, keys, mistakesOf } from '../../../engine/core/mistakes.ts';

const schema = keys({
  colour: z.enum(['red', 'blue']),
  count: z.int({ error: 'a whole number from 1 to 9' }).max(9, { error: 'a whole number from 1 to 9' }),
  things: z.array(keys({ name: z.string() })).prefault([]),
  even: z
    .number()
    .transform((value, context) => (value % 2 === 0 ? value : fault(context, 'not even', '2, 4, 6…')))
    .optional(),
});

function mistakesIn(content: unknown) {
  const parsed = schema.safeParse(content, { reportInput: true });
  return parsed.success ? [] : mistakesOf(parsed.error);
}

describe('mistakes', () => {
  it('finds nothing wrong in what is right', () => {
    expect(mistakesIn({ colour: 'red', count: 3, even: 4 })).to.deep.equal([]);
  });

  it('names every mistake with its place, its reason and what is allowed', () => {
    const content = { colour: 'green', count: 10, things: [{ name: 'a' }, { nmae: 'b', name: 3 }], even: 5 };
    expect(mistakesIn(content)).to.have.deep.members([
      { path: 'colour', reason: 'not one of the values there are', allowed: 'red, blue' },
      { path: 'count', reason: 'out of bounds or of the wrong form', allowed: 'a whole number from 1 to 9' },
      { path: 'things[1].name', reason: 'must be text, not a number', allowed: 'text' },
      { path: 'things[1].nmae', reason: 'unknown key, did you mean "name"?', allowed: 'name' },
      { path: 'even', reason: 'not even', allowed: '2, 4, 6…' },
    ]);
  });

  it('says what is missing', () => {
    expect(mistakesIn({ count: 3 })).to.deep.equal([{ path: 'colour', reason: 'is missing', allowed: 'red, blue' }]);
  });

  it('names the keys there are when a group is something else', () => {
    expect(mistakesIn([])).to.deep.equal([
      { path: '', reason: 'must be a group of keys, not a list', allowed: 'colour, count, things, even' },
    ]);
  });

  it('shows no value of the file', () => {
    const content = { colour: 'hunter2', count: 'hunter2', things: 'hunter2', even: 'hunter2' };
    expect(JSON.stringify(mistakesIn(content))).not.to.include('hunter2');
  });

  it('writes one line for each mistake', () => {
    const mistakes = [
      { path: 'a.b', reason: 'is missing', allowed: 'text' },
      { path: '', reason: 'is empty' },
    ];
    expect(describeMistakes('f.yaml', mistakes)).to.equal('f.yaml: a.b: is missing; allowed: text\nf.yaml: is empty');
  });
});
