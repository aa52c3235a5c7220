/** The servers that tests need besides what is in this repository; each is named by the variable that holds its address. */
export const SERVICES = ['TEST_AMQP_URL', 'TEST_PG_URL'] as const;

/** The address of a server, from the environment; undefined when this run goes without. */
export function serviceUrl(name: (typeof SERVICES)[number]): string | undefined {
  return process.env[name] || undefined;
}

/** True in CI and in scripts/test: there a missing server is a failure, as a test that is left out proves nothing. */
export const servicesRequired = () => process.env['CI'] === 'true' || process.env['BODE_REQUIRE_SERVICES'] === '1';
