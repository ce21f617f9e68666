//go:build linux || darwin

package s3gateway

import "golang.org/x/sys/unix"

// keepsAttributes tells whether files in dir can carry extended attributes, where the server keeps ETags and bucket
// settings: tmpfs of older kernels and some container file systems cannot.
func keepsAttributes(dir string) bool {
	const name = "user.hikkoshi-probe"
	if unix.Setxattr(dir, name, []byte("1"), 0) != nil {
		return false
	}
	return unix.Removexattr(dir, name) == nil
}
