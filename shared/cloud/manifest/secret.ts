export type SecretSpec = {
  readonly what: string
  /** Name of the environment variable that holds it on one machine. */
  readonly variable: string
  /** Only needed for real money. */
  readonly isLiveOnly?: true
}

const declared = {
  'aster-agent-key': {
    what: 'private key of the Aster agent that signs orders; it cannot withdraw',
    variable: 'ASTER_AGENT_KEY',
    isLiveOnly: true,
  },
  'aster-reader-key': {
    what: 'private key of an Aster agent that only reads the account',
    variable: 'ASTER_READER_KEY',
    isLiveOnly: true,
  },
  'alert-webhook': {
    what: 'address that alerts and daily reports are posted to',
    variable: 'ALERT_WEBHOOK_URL',
  },
} as const satisfies Record<string, SecretSpec>

export type SecretName = keyof typeof declared

/** Values are put in by a person; no program of ours ever writes one. */
export const secrets: Readonly<Record<SecretName, SecretSpec>> = declared
