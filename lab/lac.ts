/** The program whose first gateway dials out to L2TP servers. */
export const lacProgram = "lab-lac";

/** What the server that is not ours (lab/world/lns.py) knows of those who dial it. */
export const labForeignLns = { preSharedKey: "foreign-lns-key-84318431", user: "office@head", password: "head \"quoted\" \\ password" } as const;

/** Between the office's network and the one behind the foreign server, in clear: tcpdump's words. */
export const betweenOfficeAndHead = "ip and net 10.40.0.0/24";
