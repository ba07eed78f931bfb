/** Starts the portal: words first, then the page, so that no text appears in the wrong language. */
import './style/style.css'
import { QueryClientProvider } from '@tanstack/react-query'
import { RouterProvider } from '@tanstack/react-router'
import { StrictMode } from 'react'
import { createRoot } from 'react-dom/client'
import { meQuery, operatorQuery, plansQuery, queryClient } from './queries.ts'
import { router } from './router.tsx'
import { ToastProvider } from './toast.tsx'
import { openWords, startLocale, WordsProvider } from './words.tsx'

void queryClient.prefetchQuery(operatorQuery)
// Asked for beside the words and not after them: on a slow network that is half a second.
if (location.pathname === '/') void queryClient.prefetchQuery(plansQuery)
if (/^\/(account|closures|lines)/.test(location.pathname)) void queryClient.prefetchQuery(meQuery)
await openWords(startLocale())

const root = document.getElementById('root')
if (!root) throw new Error('index.html has no #root')
createRoot(root).render(
  <StrictMode>
    <QueryClientProvider client={queryClient}>
      <WordsProvider>
        <ToastProvider>
          <RouterProvider router={router} />
        </ToastProvider>
      </WordsProvider>
    </QueryClientProvider>
  </StrictMode>,
)
