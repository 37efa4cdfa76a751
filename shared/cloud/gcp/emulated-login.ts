/** An emulator asks for no login, but Google's clients do not start without one. */
export async function noLogin() {
  const { OAuth2Client } = await import('google-auth-library')
  const client = new OAuth2Client()
  client.setCredentials({ access_token: 'emulated', expiry_date: Number.MAX_SAFE_INTEGER })
  return client
}
