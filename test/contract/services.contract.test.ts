import { expect } from 'chai';
import { SERVICES, servicesRequired, serviceUrl } from '../support/services.ts';

describe('the services of the contract tests', () => {
  for (const name of SERVICES) {
    it(`include ${name} wherever they are required`, () => {
      expect(servicesRequired() && !serviceUrl(name), `${name} is not set: run scripts/test`).to.equal(false);
    });
  }
});
