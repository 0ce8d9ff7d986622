// A real OpenID provider for the test of logins: node provider.mjs PORT REDIRECT_URI
import Provider from "oidc-provider";

const [port, redirect] = process.argv.slice(2);
const issuer = `http://127.0.0.1:${port}`;
const provider = new Provider(issuer, {
  clients: [{ client_id: "trainyard", client_secret: "a-secret-of-a-test", redirect_uris: [redirect], post_logout_redirect_uris: [redirect] }],
  claims: { openid: ["sub"], email: ["email", "email_verified"], profile: ["name"] },
  conformIdTokenClaims: false,
  cookies: { keys: ["only-of-a-test"] },
  features: { devInteractions: { enabled: true }, rpInitiatedLogout: { enabled: true } },
  findAccount: (_, id) => ({ accountId: id, claims: async () => ({ sub: id, email: `${id}@example.org`, email_verified: true }) }),
});
provider.listen(Number(port), "127.0.0.1", () => console.log("ready"));
