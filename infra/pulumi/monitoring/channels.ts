import * as gcp from '@pulumi/gcp'
import type { Place } from '../place.ts'

/** Whom alerts are sent to. */
export function createChannels({ config, after }: Place): gcp.monitoring.NotificationChannel[] {
  return config.alertEmails.map(
    (email) =>
      new gcp.monitoring.NotificationChannel(
        `channel-${email}`,
        {
          type: 'email',
          displayName: email,
          labels: { email_address: email },
          userLabels: config.labels,
        },
        after,
      ),
  )
}
