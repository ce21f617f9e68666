package lab

// cache.go answers: where do jars and compiled classes live between runs, and how do several processes share them?

import (
	"fmt"
	"os"
	"path/filepath"
)

// CacheEnv overrides the cache folder.
const CacheEnv = "HIKKOSHI_CACHE"

// CacheDir is where the lab keeps jars and compiled classes: $HIKKOSHI_CACHE, or hikkoshi/lab in the user's cache folder.
func CacheDir() (string, error) {
	if dir := os.Getenv(CacheEnv); dir != "" {
		return filepath.Abs(dir)
	}
	base, err := os.UserCacheDir()
	if err != nil {
		return "", fmt.Errorf("find the cache folder (set %s): %w", CacheEnv, err)
	}
	return filepath.Join(base, "hikkoshi", "lab"), nil
}

// withLock runs do while holding an exclusive lock on name in the cache, so that two processes don't fill it at once.
// The lock dies with its process.
func withLock(cache, name string, do func() error) error {
	if err := os.MkdirAll(cache, 0o755); err != nil {
		return fmt.Errorf("make the cache folder: %w", err)
	}
	file, err := os.OpenFile(filepath.Join(cache, name), os.O_CREATE|os.O_RDWR, 0o644)
	if err != nil {
		return fmt.Errorf("open the cache's lock: %w", err)
	}
	defer file.Close()
	if err := lockFile(file); err != nil {
		return fmt.Errorf("lock the cache: %w", err)
	}
	return do()
}
