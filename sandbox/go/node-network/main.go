// Joins the network namespace of the sandbox's node with the machine's loopback. A pod reaches the API server at an
// address of the node, the API server reaches the kubelet, and the machine's own network is not touched: no addresses, no
// rules, no settings.
//
//	node-network -namespace FILE -address 10.95.0.1/32 -address 10.96.0.1/16 -in LISTEN=DIAL ... -out LISTEN=DIAL ...
//
// All addresses of the networks of -address become the node's own. -in listens in the node and dials on the machine, -out
// the other way around.
package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"log"
	"net"
	"os"
	"runtime"
	"strings"
	"syscall"
	"time"
	"unsafe"
)

type addresses []string

func (a *addresses) String() string { return strings.Join(*a, " ") }

func (a *addresses) Set(value string) error {
	_, _, err := net.ParseCIDR(value)
	*a = append(*a, value)
	return err
}

type forwards []string

func (f *forwards) String() string { return strings.Join(*f, " ") }

func (f *forwards) Set(value string) error {
	if !strings.Contains(value, "=") {
		return fmt.Errorf("%q is not LISTEN=DIAL", value)
	}
	*f = append(*f, value)
	return nil
}

func main() {
	namespace := flag.String("namespace", "", "the file of the node's network namespace")
	var own addresses
	var in, out forwards
	flag.Var(&own, "address", "an address with the length of its network's prefix")
	flag.Var(&in, "in", "LISTEN=DIAL, from the node to the machine")
	flag.Var(&out, "out", "LISTEN=DIAL, from the machine to the node")
	flag.Parse()
	if err := run(*namespace, own, in, out); err != nil {
		log.Fatal(err)
	}
}

func run(namespace string, own addresses, in, out forwards) error {
	machine, err := open("/proc/self/ns/net")
	if err != nil {
		return err
	}
	node, err := open(namespace)
	if err != nil {
		return err
	}
	if err := node.within(func() error { return addLoopback(own) }, machine); err != nil {
		return fmt.Errorf("addresses of %s: %w", namespace, err)
	}
	failed := make(chan error)
	for _, forward := range in {
		go func() { failed <- serve(forward, node, machine, machine) }()
	}
	for _, forward := range out {
		go func() { failed <- serve(forward, machine, node, machine) }()
	}
	return <-failed
}

// A network namespace, by its open file.
type networkNamespace int

func open(path string) (networkNamespace, error) {
	file, err := syscall.Open(path, syscall.O_RDONLY|syscall.O_CLOEXEC, 0)
	if err != nil {
		return 0, fmt.Errorf("%s: %w", path, err)
	}
	return networkNamespace(file), nil
}

// Package syscall does not know this call's number.
var setns = map[string]uintptr{"amd64": 308, "arm64": 268}[runtime.GOARCH]

func (n networkNamespace) enter() error {
	if _, _, errno := syscall.RawSyscall(setns, uintptr(n), syscall.CLONE_NEWNET, 0); errno != 0 {
		return fmt.Errorf("setns: %w", errno)
	}
	return nil
}

// A socket stays in the namespace that it was made in, so only making it happens inside. A namespace is a thread's: one
// that cannot leave it is not given back, and ends with its goroutine.
func (n networkNamespace) within(work func() error, home networkNamespace) error {
	result := make(chan error)
	go func() {
		runtime.LockOSThread()
		if err := n.enter(); err != nil {
			result <- err
			return
		}
		err := work()
		if home.enter() == nil {
			runtime.UnlockOSThread()
		}
		result <- err
	}()
	return <-result
}

func serve(forward string, listenIn, dialIn, home networkNamespace) error {
	from, to, _ := strings.Cut(forward, "=")
	var listener net.Listener
	err := listenIn.within(func() (err error) {
		listener, err = net.Listen("tcp4", from)
		return err
	}, home)
	if err != nil {
		return err
	}
	address, err := net.ResolveTCPAddr("tcp4", to)
	if err != nil {
		return err
	}
	for {
		client, err := listener.Accept()
		if errors.Is(err, syscall.EMFILE) {
			time.Sleep(100 * time.Millisecond)
			continue
		}
		if err != nil {
			return err
		}
		go connect(client.(*net.TCPConn), address, dialIn, home)
	}
}

func connect(client *net.TCPConn, address *net.TCPAddr, dialIn, home networkNamespace) {
	defer client.Close()
	var server *net.TCPConn
	err := dialIn.within(func() (err error) {
		server, err = net.DialTCP("tcp4", nil, address)
		return err
	}, home)
	if err != nil {
		// The client sees its connection closed, and has the remedy: it tries again.
		log.Print(err)
		return
	}
	defer server.Close()
	done := make(chan struct{})
	go func() {
		pipe(server, client)
		close(done)
	}()
	pipe(client, server)
	<-done
}

// Passes on the end of one direction, as the other may go on.
func pipe(to, from *net.TCPConn) {
	_, err := io.Copy(to, from)
	if err != nil {
		from.Close()
	}
	to.CloseWrite()
}

// ifreq of netdevice(7): a name, then what the request is about.
type interfaceRequest struct {
	name [16]byte
	data [24]byte
}

// Brings loopback up, and makes all addresses of the networks its own: that is what Linux does with loopback's networks.
func addLoopback(own addresses) error {
	socket, err := syscall.Socket(syscall.AF_INET, syscall.SOCK_DGRAM, 0)
	if err != nil {
		return err
	}
	defer syscall.Close(socket)
	up := interfaceRequest{}
	copy(up.name[:], "lo")
	up.data[0] = syscall.IFF_UP | syscall.IFF_LOOPBACK
	if err := request(socket, syscall.SIOCSIFFLAGS, &up); err != nil {
		return err
	}
	for index, cidr := range own {
		address, network, err := net.ParseCIDR(cidr)
		if err != nil {
			return err
		}
		name := fmt.Sprintf("lo:%d", index+1)
		if err := request(socket, syscall.SIOCSIFADDR, alias(name, address)); err != nil {
			return err
		}
		if err := request(socket, syscall.SIOCSIFNETMASK, alias(name, net.IP(network.Mask))); err != nil {
			return err
		}
	}
	return nil
}

func alias(name string, address net.IP) *interfaceRequest {
	request := interfaceRequest{}
	copy(request.name[:], name)
	// sockaddr_in: family, port, address.
	request.data[0] = syscall.AF_INET
	copy(request.data[4:8], address.To4())
	return &request
}

func request(socket int, what uintptr, about *interfaceRequest) error {
	if _, _, errno := syscall.Syscall(syscall.SYS_IOCTL, uintptr(socket), what, uintptr(unsafe.Pointer(about))); errno != 0 {
		return os.NewSyscallError("ioctl", errno)
	}
	return nil
}
