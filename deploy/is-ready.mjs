/** Health check: exits with 0 when the address given answers 200, else says why not. */
const [address] = process.argv.slice(2);
try {
  const response = await fetch(address, { signal: AbortSignal.timeout(4_000) });
  console.log(await response.text());
  process.exit(response.ok ? 0 : 1);
} catch (error) {
  console.log(`${address} does not answer: ${error.cause?.message ?? error.message}`);
  process.exit(1);
}
