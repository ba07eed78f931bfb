/** Starts the console: words first, then the page, so that no text appears in the wrong
 * language. */
import './style/style.css'
import { QueryClientProvider } from '@tanstack/react-query'
import { RouterProvider } from '@tanstack/react-router'
import { StrictMode } from 'react'
import { createRoot } from 'react-dom/client'
import { operatorQuery, queryClient } from '../portal/queries.ts'
import { ToastProvider } from '../portal/toast.tsx'
import { openWords, startLocale, WordsProvider } from '../portal/words.tsx'
import { staffQuery } from './queries.ts'
import { router } from './router.tsx'
import { layConsoleWords } from './words.tsx'

void queryClient.prefetchQuery(operatorQuery)
void queryClient.prefetchQuery(staffQuery)
layConsoleWords()
await openWords(startLocale())

const root = document.getElementById('root')
if (!root) throw new Error('console.html has no #root')
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
