/** Toasts confirm and nothing else; they are never the only place of an error. */
import { createContext, type ReactNode, use, useCallback, useRef, useState } from 'react'
import { Icon } from './components/icon.tsx'

const ToastContext = createContext<(text: string) => void>(() => {})

export function useToast() {
  return use(ToastContext)
}

export function ToastProvider({ children }: { children: ReactNode }) {
  const [text, setText] = useState('')
  const timer = useRef(0)
  const show = useCallback((next: string) => {
    clearTimeout(timer.current)
    setText(next)
    timer.current = window.setTimeout(() => setText(''), 4_000)
  }, [])
  return (
    <ToastContext value={show}>
      {children}
      <div className="toasts" role="status">
        {text && (
          <div className="toast">
            <Icon name="check" size="s" />
            {text}
          </div>
        )}
      </div>
    </ToastContext>
  )
}
