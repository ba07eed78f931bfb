/** Going to the hosted pay page, once per intent: an order that is still open is paid, not made
 * again. */
import { useMutation } from '@tanstack/react-query'
import { read, send } from '../../portal/api.ts'
import { useDraft } from '../../portal/draft.ts'
import type { Order } from '../../portal/wire.ts'
import { useGo } from '../../portal/go.ts'

/** `name` holds everything the order depends on: another choice is another order. */
export function usePay(name: string, path: string, body: unknown) {
  const go = useGo()
  const [open, setOpen] = useDraft<string | null>(`order:${name}`, null)
  return useMutation({
    mutationFn: async () => {
      const known = open ? await read<Order>(`/v1/orders/${open}`) : undefined
      if (known?.state === 'open' && known.checkoutUrl) return known
      return await send<Order>('POST', path, body)
    },
    onSuccess: async (order) => {
      setOpen(order.orderId)
      await leaveToPay(order, go)
    },
  })
}

export async function leaveToPay(order: Order, go: ReturnType<typeof useGo>): Promise<void> {
  if (!order.checkoutUrl) {
    await go(`/orders/${order.orderId}`)
    return
  }
  location.assign(order.checkoutUrl)
  // The button stays busy until the browser has left.
  await new Promise((resolve) => setTimeout(resolve, 8_000))
}
