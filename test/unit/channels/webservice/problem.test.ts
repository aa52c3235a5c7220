import { expect } from 'chai';
import { invalidInput, ProblemError, problemFor, problemOf } from '../../../../channels/webservice/problem.ts';
import { EngineError } from '../../../../engine/core/errors.ts';

describe('problems of the web service', () => {
  it('say what kind they are, and name this very answer', () => {
    const problem = problemOf('resourceNotFound', 'no such file');
    expect(problem).to.include({
      type: 'urn:problem-type:belgif:resourceNotFound',
      title: 'Resource Not Found',
      status: 404,
      detail: 'no such file',
    });
    expect(problem.instance).to.match(/^urn:uuid:[0-9a-f-]{36}$/);
    expect(problem).not.to.have.property('issues');
  });

  it('say what is wrong with which value', () => {
    expect(invalidInput('header', 'Range', 'no').issues).to.deep.equal([
      { type: 'urn:problem-type:belgif:input-validation:invalidInput', in: 'header', name: 'Range', detail: 'no' },
    ]);
  });

  it('come of refusals of the engine, each as its own kind', () => {
    const kindOf = (code: EngineError['code']) => problemFor(new EngineError(code, 'sentence'))?.kind;
    expect(kindOf('not_found')).to.equal('resourceNotFound');
    expect(kindOf('limit_exceeded')).to.equal('payloadTooLarge');
    expect(kindOf('store_unavailable')).to.equal('serviceUnavailable');
    expect(kindOf('name_invalid')).to.equal('badRequest');
    expect(kindOf('worker_crashed')).to.equal(undefined);
  });

  it('come of what the framework refuses, with the value that does not fit', () => {
    const refused = Object.assign(new Error('querystring/pageSize must be <= 500'), {
      ...{ statusCode: 400, validationContext: 'querystring' },
      validation: [{ instancePath: '/pageSize', message: 'must be <= 500' }],
    });
    const problem = problemFor(refused);
    expect(problem?.kind).to.equal('badRequest');
    expect(problem?.issues[0]).to.include({ in: 'query', name: 'pageSize', detail: 'must be <= 500' });
    expect(problemFor(Object.assign(new Error('x'), { statusCode: 500 }))).to.equal(undefined);
  });

  it('are not made of accidents: those are logged, and nobody is shown them', () => {
    expect(problemFor(new Error('secret'))).to.equal(undefined);
    expect(problemFor('text')).to.equal(undefined);
    expect(problemFor(new ProblemError('badRequest', 'x'))).to.be.instanceOf(ProblemError);
  });
});
