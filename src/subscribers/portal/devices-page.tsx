/** Devices that are signed in; any of them can be removed, and is out at once. */
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { send } from '../../portal/api.ts'
import { TextButton } from '../../portal/components/button.tsx'
import { Icon } from '../../portal/components/icon.tsx'
import { RowsSkeleton, Tag } from '../../portal/components/notice.tsx'
import { Loaded, Refusal } from '../../portal/failure.tsx'
import { Page } from '../../portal/page.tsx'
import { devicesQuery } from '../../portal/account-queries.ts'
import { useToast } from '../../portal/toast.tsx'
import { useFormat } from '../../portal/use-format.ts'
import type { Device } from '../../portal/wire.ts'
import { useWords } from '../../portal/words.tsx'

export function DevicesPage() {
  const { t } = useWords()
  const devices = useQuery(devicesQuery)
  const head = devices.data
    ? t('devices.head', { count: devices.data.length })
    : t('account.devices')
  return (
    <Page head={head} sub={t('devices.sub')} back="/account">
      <div className="mt-4">
        <Loaded query={devices} skeleton={<RowsSkeleton />}>
          {(list) => (
            <ul className="rows">
              {list.map((device) => (
                <DeviceRow key={device.deviceId} device={device} />
              ))}
            </ul>
          )}
        </Loaded>
      </div>
    </Page>
  )
}

function DeviceRow({ device }: { device: Device }) {
  const { t } = useWords()
  const format = useFormat()
  const client = useQueryClient()
  const toast = useToast()
  const remove = useMutation({
    mutationFn: () => send<void>('DELETE', `/v1/me/devices/${device.deviceId}`),
    onSuccess: async () => {
      await client.invalidateQueries({ queryKey: devicesQuery.queryKey })
      toast(t('devices.removed'))
    },
  })
  return (
    <li>
      <div className="row">
        <Icon name="laptop" />
        <div className="grow">
          <div className="mid">{device.name}</div>
          <div className="small c2">
            {t('devices.seen', { at: format.moment(device.lastSeenAt) })}
          </div>
        </div>
        {device.current ? (
          <Tag tone="ok">{t('devices.this')}</Tag>
        ) : (
          <TextButton busy={remove.isPending} onClick={() => remove.mutate()}>
            {t('button.remove')}
          </TextButton>
        )}
      </div>
      <Refusal error={remove.error} />
    </li>
  )
}
