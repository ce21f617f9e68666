package snapshot

// cache.go answers: which bytes need not be fetched again? Small files, by their identity and never by their blob's name.

import (
	"container/list"
	"sync"
)

// defaultCacheBytes holds the small files of some thousand segments.
const defaultCacheBytes = 16 << 20

// fileCache keeps the contents used last within a bound. Contents are shared and must not be changed.
type fileCache struct {
	mu      sync.Mutex
	limit   int64
	size    int64
	recent  *list.List // of *cachedFile, the newest in front
	entries map[Identity]*list.Element
}

type cachedFile struct {
	identity Identity
	content  []byte
}

func newFileCache(limit int64) *fileCache {
	if limit == 0 {
		limit = defaultCacheBytes
	}
	return &fileCache{limit: limit, recent: list.New(), entries: make(map[Identity]*list.Element)}
}

func (c *fileCache) get(identity Identity) []byte {
	c.mu.Lock()
	defer c.mu.Unlock()
	element, found := c.entries[identity]
	if !found {
		return nil
	}
	c.recent.MoveToFront(element)
	return element.Value.(*cachedFile).content
}

func (c *fileCache) put(identity Identity, content []byte) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if _, found := c.entries[identity]; found || int64(len(content)) > c.limit {
		return
	}
	c.entries[identity] = c.recent.PushFront(&cachedFile{identity: identity, content: content})
	c.size += int64(len(content))
	for c.size > c.limit {
		oldest := c.recent.Back()
		file := c.recent.Remove(oldest).(*cachedFile)
		delete(c.entries, file.identity)
		c.size -= int64(len(file.content))
	}
}
