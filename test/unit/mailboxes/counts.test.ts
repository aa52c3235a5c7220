import { expect } from 'chai';
import { conditionsFor } from '../../../engine/mailboxes/counts.ts';

const read = (is: boolean) => (is ? 'is_read' : 'not is_read');

describe('mailboxes: a filter as conditions', () => {
  it('asks for one type only, where it is among those that may be seen', () => {
    const asked = conditionsFor({ messageType: 'b', types: ['a', 'b', 'c'] }, read);
    expect(asked).to.deep.equal({ conditions: ['message_type = ?'], bindings: ['b'] });
  });

  it('finds nothing of a type that is not among them, and all of them when none is asked for', () => {
    const among = 'message_type in (?, ?)';
    expect(conditionsFor({ messageType: 'b', types: ['a', 'c'] }, read)).to.deep.equal({
      conditions: ['message_type = ?', among],
      bindings: ['b', 'a', 'c'],
    });
    expect(conditionsFor({ types: ['a', 'c'] }, read)).to.deep.equal({ conditions: [among], bindings: ['a', 'c'] });
    expect(conditionsFor({ messageType: 'b', types: [] }, read).conditions).to.deep.equal([
      'message_type = ?',
      'message_type in (null)',
    ]);
  });
});
